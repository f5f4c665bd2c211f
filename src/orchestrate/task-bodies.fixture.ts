import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { TaskBodies } from './body.ts'
import { defineBody } from './body.ts'
import type { Json } from './graph.ts'

const json = z.json() as z.ZodType<Json>
const done = { kind: 'success', output: null } as const

/** Tasks that behave well and badly, for tests and the bench: what a worker's processes are started with. */
export const bodies: TaskBodies = {
  noop: defineBody({ input: json, output: json, run: () => Promise.resolve(done) }),
  /** Says in which process it ran and what came from before it. */
  tell: defineBody({
    input: json,
    output: json,
    run: (input, { task }) =>
      Promise.resolve({ kind: 'success', output: { pid: process.pid, input, upstream: task.upstream } }),
  }),
  typed: defineBody({
    input: z.object({ rows: z.int() }),
    output: z.object({ rows: z.int() }),
    run: ({ rows }) => Promise.resolve({ kind: 'success', output: { rows: rows < 0 ? 0.5 : rows } }),
  }),
  /** Waits, and heeds its signal. */
  wait: defineBody({
    input: z.object({ ms: z.int() }),
    output: json,
    async run({ ms }, { signal }) {
      await sleep(ms, undefined, { signal })
      return done
    },
  }),
  /** Computes: its event loop stands still all the while. */
  burn: defineBody({
    input: z.object({ ms: z.int() }),
    output: json,
    run({ ms }) {
      for (const end = performance.now() + ms; performance.now() < end;);
      return Promise.resolve(done)
    },
  }),
  deaf: defineBody({
    input: json,
    output: json,
    async run() {
      process.on('SIGTERM', () => console.log('heard SIGTERM and goes on'))
      await sleep(600_000)
      return done
    },
  }),
  print: defineBody({
    input: z.object({ lines: z.int() }),
    output: json,
    run({ lines }, context) {
      for (let line = 0; line < lines; line += 1) console.log(`line ${line}`)
      context.log('info', 'printed')
      return Promise.resolve(done)
    },
  }),
  /** Megabytes without an end of line, and something short in the end. */
  flood: defineBody({
    input: z.object({ megabytes: z.int(), lineLength: z.int() }),
    output: json,
    async run({ megabytes, lineLength }) {
      const piece = 'x'.repeat(lineLength === 0 ? 2 ** 20 : lineLength - 1) + (lineLength === 0 ? '' : '\n')
      const count = Math.ceil((megabytes * 2 ** 20) / piece.length)
      // A gigabyte that waits in the task itself would end it (ENOBUFS) before the worker has seen any of it.
      for (let at = 0; at < count; at += 1) if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
      process.stdout.write('no end of line')
      return done
    },
  }),
  exit: defineBody({ input: z.object({ code: z.int() }), output: json, run: ({ code }) => process.exit(code) }),
  abort: defineBody({
    input: json,
    output: json,
    run() {
      process.kill(process.pid, 'SIGKILL')
      return new Promise(() => {})
    },
  }),
  /** Leaves a process behind that writes its number to a file. */
  fork: defineBody({
    input: z.object({ file: z.string() }),
    output: json,
    async run({ file }) {
      const child = spawn('sleep', ['600'], { stdio: 'ignore' })
      appendFileSync(file, `${child.pid}\n`)
      await sleep(600_000)
      return done
    },
  }),
  refuse: defineBody({
    input: json,
    output: json,
    run: () => Promise.reject(new MillraceError('ORCHESTRATE_NO_ACCOUNTS', { wanted: 'any' })),
  }),
  /** Writes a line that counts what was really done. */
  mark: defineBody({
    input: z.object({ file: z.string(), ms: z.int() }),
    output: json,
    async run({ file, ms }, { task, signal }) {
      await sleep(ms, undefined, { signal })
      appendFileSync(file, `${task.partitionKey} ${task.task} ${task.attempt}\n`)
      return done
    },
  }),
}
