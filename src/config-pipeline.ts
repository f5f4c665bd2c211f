import { z } from 'zod'
import { day, timeZone } from './domain/day.ts'
import type { Language } from './domain/errors.ts'
import { isMillraceError } from './domain/errors.ts'
import { scheduleOf } from './orchestrate/schedule.ts'

/** What a check of ours says in either language; the reader's is known only where the findings are written. */
export type Said = Readonly<Record<Language, string>>

/** The words of one of our own checks, if the problem is of one. */
export function saidBy(params: unknown, language: Language): string | undefined {
  return (params as { readonly said?: Said } | undefined)?.said?.[language]
}

/** A text that has to pass a look of ours, which says what is wrong or undefined. */
function lookedAt(look: (text: string) => Said | undefined) {
  return z.string().superRefine((text, context) => {
    const said = look(text)
    if (said) context.addIssue({ code: 'custom', params: { said } })
  })
}

export const zoneName = lookedAt((name) => {
  try {
    if (timeZone(name) === name) return undefined
  } catch (error) {
    if (!isMillraceError(error)) throw error
  }
  return {
    en: `"${name}" is not an IANA time zone such as Asia/Seoul`,
    ko: `"${name}"은(는) Asia/Seoul 같은 IANA 시간대가 아닙니다`,
  }
})

/** A zone takes no part in whether a schedule can be read and ever fires. */
const anyZone = timeZone('UTC')

/** What a parser of the domain says of a text that it refuses. */
function refusal(parse: () => unknown): Said | undefined {
  try {
    parse()
    return undefined
  } catch (error) {
    if (!isMillraceError(error)) throw error
    const said = (language: Language) => `${error.code}: ${error.explain(language).what}`
    return { en: said('en'), ko: said('ko') }
  }
}

const cronText = lookedAt((text) => refusal(() => scheduleOf(text, anyZone)))

const dayText = lookedAt((text) => refusal(() => day(text)))

/** When the nightly job works, from which day on, and how many accounts at a time. */
export const pipelineSection = z.strictObject({
  zone: zoneName.default('Asia/Seoul'),
  cron: cronText.default('0 2 * * *'),
  catchup: z.enum(['all', 'latest', 'none']).default('latest'),
  startDate: dayText.optional(),
  parallelAccounts: z.int().min(1).max(32).default(2),
})

export type PipelineSettings = z.output<typeof pipelineSection>
