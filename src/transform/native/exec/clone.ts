import { Relation } from '../adapter/relation.ts'
import type { Node } from '../parse/nodes.ts'
import { materialize, nodeRun, timed, withSession } from './node-session.ts'
import type { NodeRunner, Running } from './node-session.ts'
import { failureText, finished, responseOf, writtenTo } from './run-node.ts'
import type { Outcome, Verdict } from './run-node.ts'

/** `clone`: a view upon the relation of the earlier run, unless the node is built here already. */
export async function cloneNode(runner: NodeRunner, node: Node): Promise<Outcome> {
  const startedAtMs = runner.clock.nowMs()
  const running: Running = { compiledCode: null, executedSql: null, timing: [] }
  const earlier = runner.project.deferred?.get(node.uniqueId)
  const clone: Node = { ...node, config: { ...node.config, materialized: 'clone' } }
  try {
    const verdict = await withSession(runner, node, async (session): Promise<Verdict> => {
      const { run, results } = nodeRun(runner, clone, session, running, [
        ['defer_relation', earlier === undefined ? null : new Relation(earlier)],
      ])
      const sql = earlier === undefined ? '' : `select * from ${new Relation(earlier).render()}`
      await timed(runner, running, 'execute', () => materialize(runner.project, clone, run.context, sql))
      const main = results.get('main')
      return { status: 'success', message: main?.message ?? 'No-op', failures: null, response: responseOf(main) }
    })
    return finished(runner, node, running, startedAtMs, verdict)
  } catch (error) {
    runner.database.cache.forget(node.schema)
    const message = failureText(error, node, writtenTo(runner, node, running))
    return finished(runner, node, running, startedAtMs, { status: 'error', message, failures: null, response: {} })
  }
}
