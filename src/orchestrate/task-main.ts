import { flushCompileCache } from 'node:module'
import type { BodyContext, TaskBodies } from './body.ts'
import { performTask } from './body.ts'
import { MillraceError } from '../domain/errors.ts'
import { endMark } from './task-message.ts'
import type { FromTask, ToTask } from './task-message.ts'

/*
 * The process that tasks run in, one at a time: started by a worker with the address of a module that exports `bodies`. It ends
 * with the worker: without it nobody would hear what comes of the task.
 */
const modulePath = process.argv[2] ?? ''
const loading = import(modulePath) as Promise<{ readonly bodies: TaskBodies }>
const tell = (message: FromTask) => process.send?.(message)

let stopping: AbortController | undefined
let isCompiledKept = false

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToTask) => {
  if (message.type === 'run') void perform(message.task)
  else if (message.why === 'timeout')
    stopping?.abort(new MillraceError('ORCHESTRATE_TASK_TIMEOUT', { timeoutMs: 'its limit' }))
  else stopping?.abort(new MillraceError('ORCHESTRATE_TASK_STOPPED', { why: message.why }))
})

async function perform(task: BodyContext['task']): Promise<void> {
  const controller = new AbortController()
  stopping = controller
  const { bodies } = await loading
  const result = await performTask(bodies, {
    task,
    signal: controller.signal,
    log: (level, message) => tell({ type: 'log', level, message }),
  })
  stopping = undefined
  // Pipes are written synchronously here, so the marks come behind whatever the task has printed.
  for (const stream of [process.stdout, process.stderr]) stream.write(`${endMark(task.fence)}\n`)
  tell({ type: 'result', fence: task.fence, result })
  // A process that is ended by a signal, as most are, keeps nothing at its exit.
  if (!isCompiledKept) flushCompileCache()
  isCompiledKept = true
}
