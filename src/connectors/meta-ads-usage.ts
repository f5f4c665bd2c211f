import { z } from 'zod'
import type { UsageSample } from '../domain/platform-quota.ts'
import type { ConnectorContext } from './connector.ts'

const percent = z.coerce.number().catch(0)

/** `{"call_count":28,"total_time":25,"total_cputime":25}` */
const app = z.object({ call_count: percent, total_time: percent, total_cputime: percent }).partial()

/** `{"<id>":[{"type":"ads_insights","call_count":95,…,"estimated_time_to_regain_access":0}]}`, the last in MINUTES. */
const business = z.record(
  z.string(),
  z.array(app.extend({ type: z.string().default(''), estimated_time_to_regain_access: percent.optional() })),
)

/** `{"acc_id_util_pct":9.67,"reset_time_duration":100}`, the last in SECONDS. */
const account = z.object({ acc_id_util_pct: percent, reset_time_duration: percent }).partial()

/** `{"app_id_util_pct":3,"acc_id_util_pct":9.67,…}` */
const insights = z.object({ app_id_util_pct: percent, acc_id_util_pct: percent }).partial()

const highest = (one: z.output<typeof app>) =>
  Math.max(one.call_count ?? 0, one.total_time ?? 0, one.total_cputime ?? 0)

function header<Schema extends z.ZodType>(
  headers: Headers,
  name: string,
  schema: Schema,
): z.output<Schema> | undefined {
  const text = headers.get(name)
  if (text === null) return undefined
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    // A usage header is advice; one that cannot be read is no reason to lose the answer it came with.
    return undefined
  }
}

/** Every budget that the answer's headers tell of. All entries of a list count: the busiest is not always the first. */
export function usageOf(headers: Headers): readonly UsageSample[] {
  const samples: UsageSample[] = []
  const appUsage = header(headers, 'x-app-usage', app)
  if (appUsage) samples.push({ scope: 'app', percent: highest(appUsage), resetMs: 0 })
  for (const [id, entries] of Object.entries(header(headers, 'x-business-use-case-usage', business) ?? {})) {
    for (const entry of entries) {
      const minutes = entry.estimated_time_to_regain_access ?? 0
      samples.push({ scope: `${entry.type} ${id}`, percent: highest(entry), resetMs: minutes * 60_000 })
    }
  }
  const accountUsage = header(headers, 'x-ad-account-usage', account)
  if (accountUsage) {
    const used = accountUsage.acc_id_util_pct ?? 0
    // The seconds count down to the next reset of the budget, throttled or not; they are a wait only when it is used up.
    const resetMs = used >= 100 ? (accountUsage.reset_time_duration ?? 0) * 1000 : 0
    samples.push({ scope: 'account', percent: used, resetMs })
  }
  const insightsUsage = header(headers, 'x-fb-ads-insights-throttle', insights)
  if (insightsUsage) {
    samples.push({ scope: 'insights app', percent: insightsUsage.app_id_util_pct ?? 0, resetMs: 0 })
    samples.push({ scope: 'insights account', percent: insightsUsage.acc_id_util_pct ?? 0, resetMs: 0 })
  }
  return samples
}

const warnPercent = 90

/** Tells of the budget that is used most; as a warning when little of it is left. */
export function logUsage(samples: readonly UsageSample[], context: ConnectorContext): void {
  const [top] = samples.toSorted((a, b) => b.percent - a.percent)
  if (!top) return
  const level = top.percent >= warnPercent ? 'warn' : 'debug'
  context.log({
    level,
    message: `meta_ads has used ${top.percent} % of its budget (${top.scope})`,
    percent: top.percent,
  })
}
