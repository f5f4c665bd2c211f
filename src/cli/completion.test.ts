import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { commands } from './commands.ts'
import { allWords, scriptFor } from './completion-script.ts'

/* The scripts are run by the shells that they are for. */
const folder = mkdtempSync(join(tmpdir(), 'millrace-completion-'))
afterAll(() => rmSync(folder, { recursive: true }))

const all = Promise.all(
  Object.values(commands).map(async ({ summary, load }) => ({ summary, command: (await load()).command })),
)

/** How each shell is asked what completes a line; the last word is the one under the cursor. */
const askers = {
  bash: (file: string, line: readonly string[]) => [
    '-c',
    `. '${file}'; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    ...line,
  ],
  // zsh's own completion asks these functions; here they say what they were told.
  zsh: (file: string, line: readonly string[]) => [
    '-f',
    '-c',
    `compdef() { }; compadd() { shift; print -l -- "$@" }; _files() { print FILES }
     _describe() { print -l -- "\${(P)2[@]%%:*}" }; . '${file}'; words=("$@"); CURRENT=$#; _millrace`,
    'zsh',
    ...line,
  ],
  fish: (file: string, line: readonly string[]) => ['-c', `source '${file}'; complete -C "${line.join(' ')}"`],
} as const

type Shell = keyof typeof askers

const isThere = (shell: Shell) => spawnSync(shell, ['-c', 'true']).status === 0

async function complete(shell: Shell, ...line: readonly string[]): Promise<readonly string[]> {
  const file = join(folder, shell)
  writeFileSync(file, scriptFor(shell, allWords(await all, 'en')))
  const { stdout, stderr } = spawnSync(shell, askers[shell](file, ['millrace', ...line]), {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  const typed = line.at(-1) ?? ''
  // zsh filters by itself what it is offered.
  return stdout
    .split('\n')
    .flatMap((one) => one.split('\t')[0] ?? [])
    .filter((one) => one !== '' && one.startsWith(typed))
}

describe.for(['bash', 'zsh', 'fish'] as const)('%s completes', (shell) => {
  test('commands, first arguments, options and their choices', async ({ skip }) => {
    skip(!isThere(shell), `${shell} is not installed`)
    expect(await complete(shell, 'conn')).toEqual(['connectors'])
    expect(await complete(shell, 'connectors', 'r')).toEqual(expect.arrayContaining(['remove', 'rotate']))
    expect(await complete(shell, 'run', '--dry')).toEqual(['--dry-run'])
    expect([...(await complete(shell, 'sql', '--format', ''))].sort()).toEqual(['csv', 'json', 'ndjson', 'table'])
    expect(await complete(shell, '--lang', 'ko', 'rest')).toEqual(['restatements'])
  })
})
