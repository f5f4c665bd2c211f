// A program: `node test/incident-scene.ts PROJECT`. A project's configuration is imported by Node alone, not by the tests' loader.
import { loadConfig } from '../src/config-inspect.ts'
import { openWarehouse } from '../src/config.ts'
import { Scrubber } from '../src/cli/scrubber.ts'
import { systemClock, systemRandom } from '../src/domain/clock.ts'
import { day } from '../src/domain/day.ts'
import { writeChange } from '../src/quality/incident-store.ts'
import { fingerprintOf } from '../src/quality/signal.ts'
import type { Signal } from '../src/quality/signal.ts'

const ids = ['1d787983-4ecb-48b3-895f-10140531cbfe', 'cdef7f95-e650-4a24-8b1b-43d61ffb6140']

/** Two open incidents in a project's warehouse, as a round of looking leaves them: a demo whose data is right has none. */
async function putIncidents(projectDir: string): Promise<void> {
  const settings = await loadConfig({ projectDir, env: process.env, secrets: new Scrubber(), language: 'en' })
  await using warehouse = await openWarehouse(settings, {
    clock: systemClock,
    random: systemRandom,
    fetch: globalThis.fetch,
    onOpening: () => undefined,
  })
  // Before anything that somebody does to them by the demo's clock, which stands at noon of its day.
  const nowMs = Date.parse('2026-11-22T06:00:00Z')
  for (const [at, platform] of ['google_ads', 'meta_ads'].entries()) {
    const root: Signal = {
      dataset: 'fact_ad_daily',
      checkId: 'ads.control_total',
      kind: 'check',
      platform,
      accountId: null,
      seriesKey: '',
      day: day('2026-11-21'),
      firing: true,
      severity: 'warn',
      facts: {
        sentence: 'The rows do not sum to the platform’s total.',
        sentenceKo: '행의 합이 플랫폼 합계와 다릅니다.',
      },
    }
    const fingerprint = fingerprintOf(root)
    const member = { signal: root, fingerprint, firing: true, heldBy: null, firstDay: root.day, lastDay: root.day }
    const incident = {
      incidentId: ids[at] ?? '',
      root,
      fingerprint,
      state: 'open',
      severity: root.severity,
      firstDay: root.day,
      lastDay: root.day,
      openedMs: nowMs,
      changedMs: nowMs,
      resolvedMs: null,
      reopened: 0,
      owner: null,
      toldMs: null,
      toldSeq: 0,
      members: [member],
    } as const
    await warehouse.transaction((session) =>
      writeChange(session, { incident, isNew: true, events: ['opened'], tell: null }, nowMs),
    )
  }
}

await putIncidents(process.argv[2] ?? '.')
