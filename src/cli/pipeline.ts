import type { Settings } from '../config-check.ts'
import { day, timeZone } from '../domain/day.ts'
import { platforms } from '../domain/platform.ts'
import type { Pipeline } from '../orchestrate/pipeline.ts'
import { adDataPipeline } from '../orchestrate/pipeline.ts'

/** The pipeline of the project: the nightly job over the platforms that its connections name. What is exported and what is scheduled is this. */
export function configuredPipeline({ connections, pipeline }: Settings): Pipeline {
  const adapters: ReadonlySet<string> = new Set(Object.values(connections).map((one) => one.adapter))
  const nightly = adDataPipeline(
    platforms.filter((platform) => adapters.has(platform)),
    timeZone(pipeline.zone),
  )
  return {
    ...nightly,
    schedule: { ...nightly.schedule, cron: pipeline.cron },
    catchup: pipeline.catchup,
    startDate: pipeline.startDate === undefined ? nightly.startDate : day(pipeline.startDate),
  }
}
