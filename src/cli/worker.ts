import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { work } from './up.ts'

export const command: CommandSpec = {
  name: 'worker',
  arguments: [],
  options: [{ flags: '--slots <n>', text: { en: 'Tasks at a time; 4 when left out', ko: '동시 작업 수. 생략하면 4' } }],
  description: {
    en: 'More hands: takes tasks from the project’s Postgres until Ctrl-C or SIGTERM, then drains. On another machine it needs the same configuration, your own Postgres and a lake that both reach; any other is refused.',
    ko: '일손 추가: 프로젝트의 Postgres에서 작업을 가져와 Ctrl-C나 SIGTERM까지 처리하고, 진행 중인 작업을 마칩니다. 다른 컴퓨터에서는 같은 설정, 자체 Postgres, 양쪽이 접근하는 레이크가 필요하며, 아니면 거부합니다.',
  },
  examples: [{ line: 'millrace worker --slots 8', text: { en: 'eight tasks at a time', ko: '동시에 작업 8개' } }],
  run: worker,
}

async function worker(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const { openLake, openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, context)
  await using lake = await openLake(settings)
  const { checkSharedLake } = await import('../orchestrate/shared-lake.ts')
  await checkSharedLake(warehouse, lake)
  const { embeddedEngine } = await import('../orchestrate/embedded-engine.ts')
  const engine = embeddedEngine({ warehouse })
  if (invocation.output.json) invocation.output.record({ event: 'ready', warehouse: warehouse.place, lake: lake.place })
  await work(invocation, given, { warehouse }, engine)
  return 0
}
