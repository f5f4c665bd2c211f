import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AdAccount } from '../domain/account.ts'
import { addDecimals, normalised, zero } from '../domain/decimal.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Fault, FaultKind } from '../sandbox/scenario.ts'
import type { Route } from '../sandbox/shapes.ts'
import type { ConnectorRig, ExpectedRow } from './connector.contract.ts'
import { canonical, expectedRows, firstAccount, receive, testContext } from './connector.contract.ts'
import type { RawRow } from '../domain/mapping.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { Level } from '../domain/platform.ts'
import { mappingAt } from './connector.ts'

export interface ConservationOf {
  /** Calls that faults of the wire and refusals that pass may hit. */
  readonly routes: readonly Route[]
  /** Besides these, at the call that brings metrics, or at any of the calls. */
  readonly kinds: readonly FaultKind[]
  readonly metrics?: Route
  /** Levels that are the whole together, read as one: ads and, for Performance Max, asset groups. The campaign when left out. */
  readonly levels?: readonly Level[]
}

const passing: readonly FaultKind[] = [
  'html_502',
  'truncated_json',
  'reset_mid_stream',
  'reset',
  'status_500',
  'status_503',
  'status_429',
]

const long = process.env['MILLRACE_LONG'] === '1'
/** As many as are asked for: 500 in the long run, fewer where somebody has less time. */
const schedules = Number(process.env['MILLRACE_SCHEDULES'] ?? (long ? 500 : 12))
const seed = 20_261_127

/** Each fault fires once or twice, so that every schedule ends some time. */
function faultOf({ routes, kinds, metrics }: ConservationOf): fc.Arbitrary<Fault> {
  const where = fc.oneof(
    fc.record({ kind: fc.constantFrom(...passing), route: fc.constantFrom(...routes) }),
    fc.record({ kind: fc.constantFrom(...kinds), route: metrics ? fc.constant(metrics) : fc.constantFrom(...routes) }),
  )
  const when = fc.record({
    from: fc.constantFrom(1, 1, 1, 2, 3),
    times: fc.integer({ min: 1, max: 2 }),
    // Longer than a run waits, now and then: then the slice is left for later.
    retryAfterSeconds: fc.constantFrom(1, 60, 7_200),
  })
  return fc.tuple(where, when).map(([place, time]) => ({ ...place, ...time }))
}

const summed = ['impressions', 'clicks', 'cost', 'conversions'] as const

function reconciles(rows: readonly ExpectedRow[], totals: ControlTotals | null): boolean {
  return summed.every((name) => {
    const total = totals?.[name]
    return total === undefined || normalised(total) === rows.reduce((sum, row) => addDecimals(sum, row[name]), zero)
  })
}

/** Reads as a pipeline does: what broke off or does not sum to the platform's totals is thrown away and read anew. */
async function readUntilSound(rig: ConnectorRig, account: AdAccount, level: Level): Promise<readonly RawRow[]> {
  const context = testContext(rig.nowMs)
  for (let attempt = 1; attempt <= 40; attempt += 1) {
    try {
      const { received, result } = await receive(rig.connector, account, rig.range, context, level)
      const rows = canonical(received.rows, mappingAt(rig.connector.spec, level))
      if (reconciles(rows, result.controlTotals)) return received.rows
    } catch (error) {
      if (!isMillraceError(error) || !error.code.startsWith('CONNECTORS_')) throw error
    }
  }
  throw new Error('no attempt was sound')
}

/** Levels below the campaign, summed by the campaign that each row names. */
async function readByCampaign(
  rig: ConnectorRig,
  account: AdAccount,
  levels: readonly Level[],
): Promise<readonly ExpectedRow[]> {
  const { entityId } = rig.connector.spec.mapping
  const rows: RawRow[] = []
  for (const level of levels) rows.push(...(await readUntilSound(rig, account, level)))
  return canonical(rows, { ...mappingAt(rig.connector.spec, levels[0]!), entityId })
}

/** Whatever goes wrong on the way, what is read in the end is the truth, to the micro. */
export function conservationProperty(openRig: () => Promise<ConnectorRig>, of: ConservationOf): void {
  // Levels below the campaign are read by the same code: a third of the schedules a night, all of them in the long run.
  const count = of.levels && !long ? Math.ceil(schedules / 3) : schedules
  test(
    `what is read ${of.levels ? `of ${of.levels.join(' and ')} ` : ''}is the truth under ${count} random fault schedules (seed ${seed})`,
    { timeout: long ? 3_600_000 : 600_000 },
    async () => {
      await using rig = await openRig()
      const account = await firstAccount(rig, testContext(rig.nowMs))
      await fc.assert(
        fc.asyncProperty(fc.array(faultOf(of), { minLength: 1, maxLength: 4 }), async (faults) => {
          rig.platform!.faults([])
          const truth = expectedRows(rig, account)
          rig.platform!.faults(faults)
          expect(await readByCampaign(rig, account, of.levels ?? ['campaign'])).toEqual(truth)
        }),
        { seed, numRuns: count },
      )
    },
  )
}
