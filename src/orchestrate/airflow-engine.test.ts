import { expect, test } from 'vitest'
import { airflowProgram, airflowUnderTest } from './airflow-engine.fixture.ts'
import { airflowGraph, taskIdOf, taskOf } from './airflow-graph.ts'
import { engineContract } from './engine.contract.ts'
import { taskNode } from './graph.ts'

/** Minutes of a whole Airflow: a step of its own where everything is checked. */
const isWanted = process.env['MILLRACE_LONG'] === '1' || process.env['MILLRACE_AIRFLOW'] === 'whole'

const unavailable =
  airflowProgram === ''
    ? 'Airflow is not installed: scripts/services.sh install airflow'
    : isWanted
      ? undefined
      : 'a whole Airflow takes minutes: MILLRACE_AIRFLOW=whole or MILLRACE_LONG=1'

engineContract('airflow', airflowUnderTest, {
  unavailable,
  keepsExitCodes: false,
  timeoutMs: 300_000,
  waivers: {
    'a failed account fails its partition only: the run is partial':
      'a run of Airflow is a success or failed: there is no word for a run of which one account failed',
    'a cancelled run begins nothing more':
      'Airflow has no cancelled state: a run that is stopped is failed, and so are its tasks',
    'a run keeps the graph that it was made from':
      'a folder of Dag files has no versions: a run goes on by the file that is there (a git bundle pins it)',
  },
})

test('the same graph is the same file, and any name of a task comes back from its name in Airflow', () => {
  const graph = (id: string) => ({ pipeline: 'p', runsActiveMax: 2, tasks: [taskNode({ id, kind: 'x', slots: 3 })] })
  expect(airflowGraph(graph('load:google_ads/1'), 'v')).toBe(airflowGraph(graph('load:google_ads/1'), 'v'))
  for (const id of ['load:google_ads/1', 'a.b', '추출 1', 'x.3a.y']) {
    expect(taskIdOf(id)).toMatch(/^[\w.-]+$/)
    expect(taskOf(taskIdOf(id))).toBe(id)
  }
})
