import { resolve } from 'node:path'
import { systemClock } from '../domain/clock.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import type { CommandName } from './commands.ts'
import { commands, isCommand } from './commands.ts'
import { Deed, keyVariable } from './deed.ts'
import { asKnownError, reportError } from './error-box.ts'
import { languageOf, languageOfArguments } from './language.ts'
import type { Output } from './output.ts'
import { makeOutput } from './output.ts'
import { rootHelp } from './root-help.ts'
import { Scrubber } from './scrubber.ts'
import { commandHelp, parseArguments, splitArguments, unknownCommand } from './parse.ts'

const env = process.env

/** Finds the command, reads its arguments, runs it, and turns whatever happens into text and an exit code. Never throws. */
export async function runProgram(argv: readonly string[], version: string): Promise<number> {
  const language = languageOfArguments(argv, env)
  const secrets = new Scrubber()
  // Until the arguments are understood, a mistake in them is told in the manner that they seem to ask for.
  let output = outputOf({ json: argv.includes('--json'), color: !argv.includes('--no-color') }, secrets)
  // What escapes every await still passes the scrubber and ends with a code.
  process.once('uncaughtException', (thrown) => {
    const error = asKnownError(thrown)
    reportError(output, error, language, Boolean(env['MILLRACE_DEBUG']))
    process.exit(error.exitCode)
  })
  try {
    const split = splitArguments(argv, language)
    if (!split || split.name === '') {
      output.data(rootHelp(language, version))
      return exitCodes.ok
    }
    const { given: before, name, rest } = split
    if (!isCommand(name)) throw unknownCommand(name)
    const { command } = await commands[name].load()
    const parsed = command.passThrough ? passedThrough(rest) : parseArguments(command, rest, language)
    if (!parsed) {
      output.data(commandHelp(command, language))
      return exitCodes.ok
    }
    const color = before['color'] !== false && parsed.given['color'] !== false
    const given: Given = { ...before, ...parsed.given, color }
    output = outputOf(given, secrets)
    return await withSignals(output, language, (signal) =>
      runCommand({ ...command, name }, parsed.args, given, { output, secrets, signal }),
    )
  } catch (thrown) {
    const error = asKnownError(thrown)
    reportError(output, error, language, Boolean(env['MILLRACE_DEBUG']))
    return error.exitCode
  }
}

/** Arguments of another program; only an empty line of them, or one that asks for help, is for us. */
function passedThrough(
  rest: readonly string[],
): { readonly args: readonly string[]; readonly given: Given } | undefined {
  const [first] = rest
  return first === undefined || first === '--help' || first === '-h' ? undefined : { args: rest, given: {} }
}

function outputOf(given: Given, secrets: Scrubber): Output {
  return makeOutput({
    stdout: process.stdout,
    stderr: process.stderr,
    env,
    secrets,
    json: given['json'] === true,
    quiet: given['quiet'] === true,
    color: given['color'] !== false,
  })
}

async function runCommand(
  command: CommandSpec & { readonly name: CommandName },
  args: readonly string[],
  given: Given,
  { output, secrets, signal }: Pick<Invocation, 'output' | 'secrets' | 'signal'>,
): Promise<number> {
  // Absent rather than false where it is no terminal.
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  const deed = new Deed({ name: command.name, args, given, secrets, clock: systemClock })
  const invocation: Invocation = {
    output,
    language: languageOf(typeof given['lang'] === 'string' ? given['lang'] : undefined, env),
    projectDir: resolve(typeof given['project'] === 'string' ? given['project'] : '.'),
    json: output.json,
    yes: given['yes'] === true,
    interactive: isTerminal && !env['CI'] && env['TERM'] !== 'dumb' && !output.json,
    env,
    secrets,
    clock: systemClock,
    signal,
    deed,
    all: () =>
      Promise.all(
        Object.values(commands).map(async ({ summary, load }) => ({ summary, command: (await load()).command })),
      ),
  }
  const key = env[keyVariable]
  if (key !== undefined && key !== '') await admit(deed, invocation, key)
  return command.run(invocation, args, given)
}

/** With a key a command may do what the key may, and is done in its name; looked at before the command does anything. */
async function admit(deed: Deed, invocation: Invocation, key: string): Promise<void> {
  invocation.secrets.add(key)
  if (deed.role === 'none') return
  const { openContext, projectSettings } = await import('./project.ts')
  const { openWarehouse } = await import('../config.ts')
  const { onWarehouse: _, ...context } = openContext(invocation)
  await using warehouse = await openWarehouse(await projectSettings(invocation), context)
  await deed.doneBy(key, warehouse)
}

const stopping = {
  en: 'Stopping; what is under way is brought to a clean end. Ctrl-C again stops at once.',
  ko: '멈추는 중입니다. 진행 중인 작업을 깨끗하게 마칩니다. Ctrl-C를 다시 누르면 즉시 멈춥니다.',
} as const

/** The first SIGINT or SIGTERM asks the command to come to an end; the second ends the process. */
async function withSignals(
  output: Output,
  language: Invocation['language'],
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    output.say(stopping[language])
    controller.abort(new MillraceError('CLI_INTERRUPTED'))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}
