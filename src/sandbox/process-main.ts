import type { RunSandboxOptions } from './process.ts'
import { runSandbox } from './process.ts'

/** Started by startSandboxProcess with its options as JSON; ends when the parent's end of standard input closes. */
const options = JSON.parse(process.argv[2] ?? '{"seed":1}') as RunSandboxOptions
const orphaned = new AbortController()
process.stdin.resume().on('close', () => orphaned.abort())
await runSandbox({ ...options, json: true, signal: orphaned.signal }, (text) => process.stdout.write(text))
process.stdin.destroy()
