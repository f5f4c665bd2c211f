import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../domain/errors.ts'
import { catalogue } from '../domain/errors.ts'
import type { RunSummary } from '../orchestrate/events.ts'
import { commandNames, commands } from './commands.ts'
import { nearest } from './near.ts'
import { makeOutput } from './output.ts'
import { commandHelp } from './parse.ts'
import { rootHelp } from './root-help.ts'
import { Scrubber } from './scrubber.ts'
import { exitCodeOf } from './summary.ts'
import { printRows, tableText } from './table.ts'
import { columnsOf, padEnd, wrapped } from './width.ts'

function recorder(options: { readonly isTTY?: boolean; readonly json?: boolean; readonly secrets?: Scrubber } = {}) {
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err') => ({
    isTTY: options.isTTY ?? false,
    columns: 80,
    write: (text: string) => void (written[name] += text),
    on: () => {},
  })
  const secrets = options.secrets ?? new Scrubber()
  const env = { TERM: 'xterm' }
  const { json = false } = options
  return {
    written,
    output: makeOutput({
      stdout: stream('out'),
      stderr: stream('err'),
      env,
      secrets,
      json,
      quiet: false,
      color: false,
    }),
  }
}

describe('help', () => {
  test.for(['en', 'ko'] as const)('keeps to 80 columns in %s, Hangul counted as two', async (language) => {
    expect(
      rootHelp(language, '0.0.0')
        .split('\n')
        .filter((line) => columnsOf(line) > 80),
    ).toEqual([])
    for (const name of commandNames) {
      const { command } = await commands[name].load()
      const help = commandHelp(command, language)
      expect(help.split('\n').filter((line) => columnsOf(line) > 80)).toEqual([])
    }
  })

  test('of every command has its own name, a summary in both languages, and an example that calls it', async () => {
    for (const name of commandNames) {
      const { command } = await commands[name].load()
      expect(command.name).toBe(name)
      expect(command.examples.length).toBeGreaterThan(0)
      for (const { line } of command.examples) expect(line).toMatch(new RegExp(`^millrace ${name}\\b`))
      expect(commandHelp(command, 'ko')).toMatch(/[가-힣]/)
      expect(commandHelp(command, 'ko')).not.toMatch(/^(Usage|Options|Examples|Global options|Arguments):/m)
    }
  })

  test('of run in English is this', async () => {
    const { command } = await commands.run.load()
    expect(commandHelp(command, 'en')).toMatchSnapshot()
  })
})

test('the guide names every command with its arguments and options', async () => {
  const page = readFileSync(new URL('../../docs/guide/commands.md', import.meta.url), 'utf8')
  for (const name of commandNames) {
    const { command } = await commands[name].load()
    const row = page
      .split('\n')
      .find((line) => line.startsWith(`| \`${[name, ...command.arguments.map((one) => one.name)].join(' ')}\` |`))
    const listed = [...(row?.split('|').at(-2) ?? '').matchAll(/`(--[^`]+)`/g)].map(([, flags]) => flags)
    expect([name, ...listed]).toEqual([name, ...command.options.map(({ flags }) => flags)])
  }
})

describe('columns', () => {
  test.for([
    ['abc', 3],
    ['광고', 4],
    ['é', 1],
    ['é', 1],
    ['日本語', 6],
    ['ﾊﾝｶｸ', 4],
    ['\u001b[31mred\u001b[39m', 3],
    ['✅', 2],
    ['', 0],
  ] as const)('%j takes %i', ([text, columns]) => expect(columnsOf(text)).toBe(columns))

  test('wrapping loses no word and widens no line that has a space to break at', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '광', '고', '-'), minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 4, max: 40 }), (list, columns) => {
        const lines = wrapped(list.join(' '), columns)
        expect(lines.join(' ')).toBe(list.join(' '))
        expect(lines.filter((line) => line.includes(' ') && columnsOf(line) > columns)).toEqual([])
      }),
      { seed: 21, numRuns: 300 },
    )
  })

  test('wrapping leaves the lines of a code frame alone, so that its caret points where it did', () => {
    const frame = [
      '  40 |   // The nightly run is about it',
      "> 41 |   pipeline: { zone: 'Asia/Soul' },",
      '     |                     ^',
      '  9 | ',
    ]
    expect(wrapped(['of a file:41:21', ...frame].join('\n'), 20)).toEqual(['of a file:41:21', ...frame])
  })

  test('a table lines up by columns, numbers to the right', () => {
    const table = tableText(
      ['name', 'rows'],
      [
        { name: '밀레이스', rows: 7 },
        { name: 'US', rows: '1200' },
      ],
    )
    expect(table).toBe('name      rows\n--------  ----\n밀레이스     7\nUS        1200\n')
    expect(padEnd('광', 4)).toBe('광  ')
  })
})

test('a table that must fit cuts names and nothing else, at whole characters', () => {
  const rows = [{ account: 'google_ads/5061386268', name: '밀레이스 코리아 주식회사', days: 30 }]
  const fit = { columnsMax: 46, cut: ['name'] }
  expect(tableText(['account', 'name', 'days'], rows, fit).split('\n').at(2)).toBe(
    'google_ads/5061386268  밀레이스 코리아…     30',
  )
  expect(columnsOf(tableText(['account', 'name', 'days'], rows, { ...fit, columnsMax: 10 }).split('\n')[2] ?? '')).toBe(
    21 + 2 + 8 + 2 + 4,
  )
})

describe('rows', () => {
  const row = { a: '1.10', b: 'x,"y"\nz', c: null }

  test('at infinity are told as Postgres writes them, in every format', () => {
    const far = { a: Number.NEGATIVE_INFINITY, b: Number.POSITIVE_INFINITY }
    const said = (['csv', 'ndjson', 'table'] as const).map((format) => {
      const { output, written } = recorder()
      printRows(output, format, ['a', 'b'], [far])
      return written.out.trimEnd().split('\n').at(-1)
    })
    expect(said).toEqual(['-infinity,infinity', '{"a":"-infinity","b":"infinity"}', '-infinity  infinity'])
  })

  test('as CSV are quoted as RFC 4180 says, as JSON keep exact numerics as text', () => {
    const csv = recorder()
    printRows(csv.output, 'csv', ['a', 'b', 'c'], [row])
    expect(csv.written.out).toBe('a,b,c\n1.10,"x,""y""\nz",\n')
    const json = recorder()
    printRows(json.output, 'json', ['a', 'b', 'c'], [row])
    expect(JSON.parse(json.written.out)).toEqual([row])
  })

  test('of none leave CSV its header and NDJSON empty', () => {
    const csv = recorder()
    printRows(csv.output, 'csv', ['a'], [])
    expect(csv.written.out).toBe('a\n')
    const formula = recorder()
    printRows(formula.output, 'csv', ['a', 'b'], [{ a: '=1+1', b: '-2.5' }])
    expect(formula.written.out).toBe(`a,b\n'=1+1,-2.5\n`)
    const ndjson = recorder()
    printRows(ndjson.output, 'ndjson', ['a'], [])
    expect(ndjson.written.out).toBe('')
  })
})

describe('the scrubber', () => {
  test('covers a secret as it is, inside JSON and inside a URL, on both streams', () => {
    const secrets = new Scrubber()
    secrets.add('p@ss "w/ord')
    const { output, written } = recorder({ secrets })
    output.record({ message: 'with p@ss "w/ord inside', url: `https://x/?t=${encodeURIComponent('p@ss "w/ord')}` })
    output.say('p@ss "w/ord')
    output.data('p@ss "w/ord\n')
    expect(written.out + written.err).not.toMatch(/w\/ord|w%2Ford/)
  })

  test('covers any secrets in any text that holds them, also where one begins like another', () => {
    const secret = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '$', '.', '*'), minLength: 4, maxLength: 12 })
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 5 }), fc.string(), (list, around) => {
        const secrets = new Scrubber()
        for (const one of list) secrets.add(one)
        const scrubbed = secrets.scrub(list.map((one) => `${around}${one}`).join(' '))
        for (const one of list) expect(around.includes(one) || !scrubbed.includes(one)).toBe(true)
      }),
      { seed: 31, numRuns: 300 },
    )
  })

  test('leaves short and everyday words alone', () => {
    const secrets = new Scrubber()
    for (const word of ['', 'abc', 'postgres']) secrets.add(word)
    expect(secrets.scrub('the abc of postgres')).toBe('the abc of postgres')
  })
})

describe('the footer', () => {
  test('is redrawn below what is said, has at most eight lines, and is gone at the end', () => {
    const { output, written } = recorder({ isTTY: true })
    output.footer(Array.from({ length: 12 }, (_, index) => `line ${index}`))
    expect(written.err.split('\n')).toHaveLength(9)
    output.say('said')
    expect(written.err).toContain('\u001b[8A\u001b[Jsaid\nline 0\n')
    output.footer([])
    expect(written.err.endsWith('\u001b[8A\u001b[J')).toBe(true)
  })

  test('is never drawn where stderr is no terminal, or with --json', () => {
    for (const options of [{ isTTY: false }, { isTTY: true, json: true }]) {
      const { output, written } = recorder(options)
      output.footer(['bar'])
      expect(written.err).toBe('')
    }
  })
})

describe('exit code of a run', () => {
  const summary = (codes: readonly ErrorCode[]): Pick<RunSummary, 'state' | 'troubles'> => ({
    state: codes.length === 0 ? 'success' : 'partial',
    troubles: codes.map((code) => ({
      platform: null,
      accountId: null,
      dates: [],
      code,
      facts: {},
      message: '',
      fix: '',
    })),
  })
  const withExit = (exit: string) =>
    (Object.keys(catalogue) as ErrorCode[]).find((code) => catalogue[code].exit === exit) as ErrorCode

  test('is 0 without trouble, that of the trouble when all is of one kind, and 6 when kinds are mixed', () => {
    expect(exitCodeOf(summary([]))).toBe(0)
    expect(exitCodeOf(summary([withExit('quality'), withExit('quality')]))).toBe(5)
    expect(exitCodeOf(summary([withExit('temporary')]))).toBe(75)
    expect(exitCodeOf(summary([withExit('auth'), withExit('temporary')]))).toBe(6)
  })
})

test('near words are found by slips and by beginnings, and far ones are not', () => {
  expect(nearest('cofnig', commandNames)).toEqual(['config'])
  expect(nearest('back', commandNames)).toEqual(['backfill'])
  expect(nearest('zzzzzz', commandNames)).toEqual([])
})
