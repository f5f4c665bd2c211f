import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '../domain/clock.ts'
import { offsetClock, systemClock } from '../domain/clock.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import { day, dayStartMs } from '../domain/day.ts'

/** The time of a demo project. Its day stands still, so that running it again a month later gives the same rows and sums. */
export interface DemoTime {
  /** Today, as the demo sees it. */
  readonly asOf: Day
  /** Later than anything the demo has done: its clock starts here, so that a later extract is also a later one by its time. */
  readonly clockMs: number
  /** Live events that its running day brings, over all its accounts; 1,000 where a demo says nothing of them. */
  readonly eventsPerSecond: number
}

/** What the demo's running day brings, over all its accounts. */
export const demoEventsPerSecond = 1_000

const fileOf = (projectDir: string) => join(projectDir, '.millrace', 'demo.json')

/** Noon of the day in UTC: late enough everywhere from Los Angeles to Seoul for the day before it to have closed. */
export function demoNoonMs(asOf: Day): number {
  return dayStartMs(asOf, 'UTC' as TimeZone) + 12 * 3_600_000
}

/** The time of the demo that lies in the folder, or undefined when it is an ordinary project. */
export function readDemoTime(projectDir: string): DemoTime | undefined {
  const file = fileOf(projectDir)
  if (!existsSync(file)) return undefined
  const kept = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly asOf: string
    readonly clockMs: number
    readonly eventsPerSecond?: number
  }
  return { asOf: day(kept.asOf), clockMs: kept.clockMs, eventsPerSecond: kept.eventsPerSecond ?? demoEventsPerSecond }
}

export function writeDemoTime(projectDir: string, time: DemoTime): void {
  const file = fileOf(projectDir)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(time)}\n`)
}

/** Waits are real, the day is the demo's. */
export function demoClock({ clockMs }: Pick<DemoTime, 'clockMs'>): Clock {
  return offsetClock(systemClock, clockMs - systemClock.nowMs())
}
