import { languageOfArguments } from './language.ts'

/**
 * The program's first file. What is asked of an installation before anything else, its version and its help, is answered
 * from here without loading a command, so that it takes little longer than Node itself.
 */
async function main(argv: readonly string[]): Promise<void> {
  const [first, ...rest] = argv.filter((word, index) => word !== '--lang' && argv[index - 1] !== '--lang')
  if (first === '--version' || first === '-V') return print(`${version()}\n`)
  const asksForHelp = first === undefined || first === '--help' || first === '-h' || first === 'help'
  if (asksForHelp && rest.length === 0) {
    const { rootHelp } = await import('./root-help.ts')
    return print(rootHelp(languageOfArguments(argv, process.env), version()))
  }
  const { runProgram } = await import('./program.ts')
  process.exitCode = await runProgram(
    first === 'help' ? [...argv.filter((word) => word !== 'help'), '--help'] : argv,
    version(),
  )
}

/** Both `src/cli` and `dist/cli` lie two folders below package.json. */
function version(): string {
  // Not imported: an import of node:fs makes Node load everything that hangs on it, a tenth of the whole start.
  const { readFileSync } = process.getBuiltinModule('node:fs')
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

function print(text: string): void {
  // A reader that went away, as `millrace --help | head -1` does, is no failure.
  process.stdout.on('error', () => {})
  process.stdout.write(text)
}

await main(process.argv.slice(2))
