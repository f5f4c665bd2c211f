import type { MessageWords } from './message-words.ts'

export const english: MessageWords = {
  locale: 'en-US',
  state: { success: 'Success', partial: 'Partial', failed: 'Failed' },
  lead: {
    success: 'Every day that was due is in, passed its checks and is published.',
    partial: 'Some days are missing or were refused; they are named below. Everything else is published.',
    failed: 'The run did not come through. What was published before stays as it was.',
  },
  label: {
    days: 'Days',
    accounts: 'Accounts',
    rows: 'Rows',
    partitions: 'Partitions',
    cost: 'Cost',
    checks: 'Checks',
    models: 'Models',
    took: 'Took',
    warehouse: 'Warehouse',
    command: 'Command',
    run: 'Run',
  },
  heading: {
    summary: 'Summary',
    perAccount: 'Accounts',
    troubles: 'What did not come through',
    waiting: 'Still waiting',
    look: 'Where to look',
  },
  range: (from, to, days) => `${from} to ${to} (${days} days)`,
  daysCount: (days) => `${days} days`,
  accounts: (count, platforms) => `${count} (${platforms})`,
  rows: (rows, changed) => `${rows}, of them ${changed} new or changed`,
  partitions: (n) =>
    `${n.published} published, ${n.unchanged} unchanged, ${n.refused} refused, ${n.failed} failed` +
    (n.superseded === '0' ? '' : `, ${n.superseded} superseded`),
  noCost: 'none',
  checks: (pass, warn, fail) => `${pass} passed, ${warn} warned, ${fail} failed`,
  models: (models, pass, warn, fail) => `${models} built; tests: ${pass} passed, ${warn} warned, ${fail} failed`,
  seconds: (seconds) => `${seconds} s`,
  fix: 'Fix',
  wholeRun: 'The run as a whole',
  more: (count) => `and ${count} more; millrace status lists them all.`,
  waits: (dates, zone) => `${dates} has not closed yet in ${zone}; a later run loads it.`,
  accountState: { landed: 'in', refused: 'refused', failed: 'failed', waiting: 'not due yet' },
  automatic: 'Written by Millrace at the end of the run; replies are not read.',
}
