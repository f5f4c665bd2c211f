import { instant } from './format.ts'
import type { en } from './words-en.ts'

type Said = (typeof en)['live']
type Reason = keyof Said['reasons']

/** What the stream room writes down when it measured nothing, as it writes it. */
export const reasonForms: readonly (readonly [Reason, RegExp])[] = [
  ['nothingCounted', /^nothing was counted yet$/],
  ['moved', /^the counters moved while they were read$/],
  ['landedTo', /^(\S+) has landed up to (\d+) of (\d+)$/],
  ['landedSince', /^(\S+) has landed since (\S+) only$/],
  ['nothingLanded', /^nothing has landed yet$/],
  ['firstAt', /^the first event was taken at (\S+)$/],
  ['countedTo', /^counted up to (\S+) only$/],
  ['noCampaign', /^no campaign of the day has both events and a published row$/],
]

/**
 * The reason of a finding in the reader's language, instants in the project's zone. Reasons of differences are codes with counts
 * (`time_zone 2, currency 1`). What is not known stays as it was written.
 */
export function reasonText(detail: string, said: Pick<Said, 'reasons' | 'reasonCodes'>, zone: string): string {
  for (const [reason, form] of reasonForms) {
    const found = form.exec(detail)
    if (!found) continue
    const values = found.slice(1).map((text) => (/^\d{4}-\d{2}-\d{2}T/.test(text) ? instant(text, zone) : text))
    const say: (...values: string[]) => string = said.reasons[reason]
    return say(...values)
  }
  return detail.replaceAll(/\b[a-z_]+\b/g, (code) => said.reasonCodes[code] ?? code)
}
