// Ends a test run with what was skipped and why, and with one plain line of counts. A skip that nobody sees is a hole.
import type { Reporter, TestCase, TestModule } from 'vitest/node'

const withoutReason = 'no reason given'

/** How many tests were skipped for each reason. A test says its reason by `skip(condition, 'reason')`. */
function skipReasons(cases: readonly TestCase[]): Map<string, number> {
  const reasons = new Map<string, number>()
  for (const test of cases) {
    const result = test.result()
    if (result.state !== 'skipped') continue
    const reason = result.note ?? withoutReason
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  return reasons
}

export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cases = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string): number => cases.filter((test) => test.result().state === state).length
    // A file that could not even be loaded has no tests to count; it must not pass for a quiet success.
    const broken = modules.filter(
      (module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0,
    )
    for (const [reason, times] of skipReasons(cases)) process.stdout.write(`skipped ${times}: ${reason}\n`)
    process.stdout.write(
      `${count('passed')} passed, ${count('failed') + broken.length} failed, ${count('skipped')} skipped\n`,
    )
  }
}
