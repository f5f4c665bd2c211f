import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { backendsFaults } from '../test/backends.ts'
import type { SourceFile } from '../test/house.ts'
import {
  barrels,
  brokenImports,
  contractedAdapters,
  contractPromises,
  importCycles,
  missingContracts,
  registeredAdapters,
  requiredMembers,
  roomsOf,
  strayPlaces,
  tooLong,
} from '../test/house.ts'
import { catalogue } from './domain/errors.ts'

/*
 * The architecture as a test. Every rule is run twice: over the house as it stands, where it must find nothing,
 * and over a house with the fault planted in it, where it must find exactly that; a rule that finds nothing anywhere guards nothing.
 */
const src = import.meta.dirname
const root = join(src, '..')
const files: readonly SourceFile[] = globSync('**/*.ts', { cwd: src }).map((path) => ({
  path: path.replaceAll('\\', '/'),
  text: readFileSync(join(src, path), 'utf8'),
}))
const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
const rooms = roomsOf(architecture)
const adaptersFile = join(src, 'adapters.ts')
const registered = existsSync(adaptersFile) ? registeredAdapters(readFileSync(adaptersFile, 'utf8')) : []
const limits = { file: 400, test: 800, adapter: 250, functionLines: 70 }
const planted = (path: string, text: string): readonly SourceFile[] => [{ path, text }]

test('ARCHITECTURE.md names every room of src and no other', () => {
  const inSource = [...new Set(files.filter((file) => file.path.includes('/')).map((file) => file.path.split('/')[0]))]
  expect(new Set(rooms.map((room) => room.name))).toEqual(new Set(inSource))
})

describe('a room imports only what ARCHITECTURE.md grants it', () => {
  test('in the house', () => expect(brokenImports(files, rooms)).toEqual([]))

  test('a fake platform that imports the client it is to check is found', () => {
    const found = brokenImports(
      planted('sandbox/world.ts', "import type { X } from '../connectors/connector.ts'"),
      rooms,
    )
    expect(found).toEqual(['sandbox/world.ts imports connectors; sandbox may import: domain'])
  })

  test('a late import is found too', () => {
    const found = brokenImports(planted('domain/day.ts', "const late = () => import('../lake/lake.ts')"), rooms)
    expect(found).toEqual(['domain/day.ts imports lake; domain may import: nothing'])
  })

  test('a package of another file is found', () => {
    const found = brokenImports(planted('notify/outbox.ts', "import nodemailer from 'nodemailer'"), rooms)
    expect(found).toEqual(['notify/outbox.ts imports nodemailer; only smtp.ts may'])
  })

  test('a package that no room was granted is found', () => {
    const found = brokenImports(planted('unify/unify.ts', "import _ from 'lodash'"), rooms)
    expect(found).toEqual(['unify/unify.ts imports the package lodash, which ARCHITECTURE.md does not grant to unify'])
  })
})

describe('no import cycles, types included', () => {
  test('in the house', () => expect(importCycles(files)).toEqual([]))

  test('two files that need each other’s types are found', () => {
    const pair = [
      { path: 'lake/a.ts', text: "import type { B } from './b.ts'" },
      { path: 'lake/b.ts', text: "import type { A } from './a.ts'" },
    ]
    expect(importCycles(pair)).toEqual(['lake/a.ts -> lake/b.ts -> lake/a.ts'])
  })
})

describe('no barrels inside rooms', () => {
  test('in the house', () => expect(barrels(files)).toEqual([]))

  test('a re-export is found', () => {
    expect(barrels(planted('lake/index.ts', "export * from './lake.ts'"))).toEqual([
      'lake/index.ts re-exports from another file',
    ])
  })
})

describe('two levels of folders and names that say something', () => {
  test('in the house', () => expect(strayPlaces(files)).toEqual([]))

  test('a third level and an empty name are found', () => {
    const found = strayPlaces([...planted('lake/s3/client.ts', ''), ...planted('lake/utils.ts', '')])
    expect(found).toEqual(['lake/s3/client.ts lies too deep', 'lake/utils.ts has a name that says nothing'])
  })
})

describe('files and functions keep their limits', () => {
  const adapters = new Set(registered.map((one) => one.file))

  test('in the house', () => expect(tooLong(files, adapters, limits)).toEqual([]))

  test('a file, a test, an adapter and a function over their limits are found', () => {
    const lines = (count: number) => 'const a = 1\n'.repeat(count)
    const found = tooLong(
      [
        { path: 'lake/a.ts', text: lines(401) },
        { path: 'lake/a.test.ts', text: lines(801) },
        { path: 'lake/folder.ts', text: lines(251) },
        { path: 'lake/b.ts', text: `function long() {\n${lines(70)}}\n` },
      ],
      new Set(['lake/folder.ts']),
      limits,
    )
    expect(found).toEqual([
      'lake/a.ts has 401 lines; its limit is 400',
      'lake/a.test.ts has 801 lines; its limit is 800',
      'lake/folder.ts has 251 lines; its limit is 250',
      'lake/b.ts:1 is a function of 72 lines; the limit is 70',
    ])
  })
})

describe('a port has at most seven required members', () => {
  const ports = [...architecture.matchAll(/^\| (\w+) \| (\w+\/[\w-]+\.ts) \|/gm)].map(([, name = '', file = '']) => ({
    name,
    file,
  }))

  test('ARCHITECTURE.md names the ports', () => expect(ports.length).toBeGreaterThanOrEqual(5))

  test.for(ports)('$name', ({ name, file }) => {
    const source = files.find((one) => one.path === file)
    expect(source, `${file} is missing`).toBeDefined()
    const members = source && requiredMembers(source, name)
    expect(members, `${file} has no interface ${name}`).toBeDefined()
    expect(members?.length).toBeLessThanOrEqual(7)
  })

  test('eight members are counted as eight, an optional one as none', () => {
    const wide = `export interface Wide { a(): void; b(): void; c(): void; d(): void; e(): void; f(): void; g: string; readonly h: string; i?: string }`
    expect(requiredMembers({ path: 'lake/wide.ts', text: wide }, 'Wide')).toHaveLength(8)
  })
})

describe('every registered adapter keeps its contract', () => {
  test('adapters.ts registers the adapters of all ports', () => {
    expect([...new Set(registered.map((one) => one.port))].sort()).toEqual([
      'connector',
      'counters',
      'lake',
      'log',
      'notifier',
      'runner',
      'warehouse',
    ])
  })

  test('in the house', () => expect(missingContracts(registered, files)).toEqual([]))

  test('an adapter without a test, and one whose test forgets the contract, are found', () => {
    const two = registeredAdapters(
      "export const adapters = {\n  lake: { folder: () => import('./lake/folder.ts'), s3: () => import('./lake/s3.ts') },\n}",
    )
    expect(missingContracts(two, planted('lake/folder.test.ts', "lakeContract('other', {})"))).toEqual([
      "lake/folder.test.ts does not call lakeContract('folder', …)",
      'lake/s3.test.ts is missing',
    ])
  })
})

describe('docs/backends.md says which adapter keeps which promise', () => {
  const page = existsSync(join(root, 'docs/backends.md')) ? readFileSync(join(root, 'docs/backends.md'), 'utf8') : ''
  const contracts = files.filter((file) => file.path.endsWith('.contract.ts'))
  const suites = files.filter(({ path }) => /\.(test|contract|fixture)\.ts$/.test(path) && path !== 'house.test.ts')
  const words = suites.map((file) => file.text).join('\n')
  const contracted = contractedAdapters(existsSync(adaptersFile) ? readFileSync(adaptersFile, 'utf8') : '')

  test('every promise of every contract and no other, for every adapter, each dash with the reason of its suite', () => {
    expect(contracts.length).toBeGreaterThanOrEqual(5)
    expect(backendsFaults(page, contracts, contracted, words)).toEqual([])
  })

  test('what is missing, made up, not tried or left out without a reason is found', () => {
    const contract = {
      path: 'lake/lake.contract.ts',
      text: "export function lakeContract() { promise('kept whole', body); test(`${fault}, twice, is nothing`, body); skip('has no words') }",
    }
    const two = ['folder', 's3'].map((name) => ({ room: 'lake', port: 'lake', name, file: `lake/${name}.ts` }))
    const table = (lines: readonly string[]) =>
      ['', '## Lake', '', '| promise | folder | s3 |', '|---|---|---|', ...lines].join('\n')
    const faults = (...lines: string[]) => backendsFaults(table(lines), [contract], two, contract.text)
    const twice = '| reset, twice, is nothing | kept | – |'
    expect(faults('| kept whole | kept | kept |', twice, '', '- `s3`: has no words (reset)')).toEqual([])
    expect(faults('| kept whole | kept | kept |', twice)).toEqual(['lake: a dash of s3 has no reason'])
    expect(faults(twice, '| never said | kept | BROKEN |', '', '- `s3`: is idle (reset)')).toEqual([
      'lake: no row ^(?:.* )?kept whole$',
      'lake: nothing promises never said',
      'lake: never said is kept,BROKEN',
      'lake: no suite leaves out for s3: is idle',
    ])
  })

  test('a promise is found by its words', () => {
    const text =
      "promise('nothing is lost', async () => {}); test(`${name}: made`, () => {}); test(`${what} (${name})`, () => {}); test('twice is once', () => {}); test.for(faults)('%s leaves no trace', () => {}); const ownPromises = [['said', () => {}]]"
    const found = contractPromises({ path: 'lake/x.contract.ts', text })
    const titles = ['nothing is lost', 'made', 'a load twice is once', 'reset leaves no trace', 'said']
    expect(found.map((one) => titles.filter((title) => one.test(title)))).toEqual(titles.map((title) => [title]))
  })
})

describe('every error says what to do, and docs/errors.md says the same', () => {
  const codes = Object.keys(catalogue)
  const page = existsSync(join(root, 'docs/errors.md')) ? readFileSync(join(root, 'docs/errors.md'), 'utf8') : ''
  const documented = [...page.matchAll(/^(?:### |\| )`([A-Z]+_[A-Z0-9_]+)`/gm)].map(([, code = '']) => code)

  test('every code is documented and nothing documented is unknown', () => {
    expect(documented.sort()).toEqual(codes.sort())
  })

  test.for(Object.entries(catalogue))('%s has a remedy in English and Korean', ([code, entry]) => {
    expect(code).toMatch(/^[A-Z]+_[A-Z0-9_]+$/)
    for (const text of [entry.en, entry.ko])
      for (const line of [text.what, text.why, text.fix]) expect(line.length).toBeGreaterThan(4)
    expect(entry.ko.fix).toMatch(/[가-힣]/)
  })

  test.for(Object.entries(catalogue))('%s names in its text only facts that it has', ([, entry]) => {
    const named = [entry.en, entry.ko].flatMap((text) =>
      Object.values(text).flatMap((line) => [...line.matchAll(/\{(\w+)\}/g)].map(([, fact]) => fact)),
    )
    expect(named.filter((fact) => !(entry.facts as readonly string[]).includes(fact ?? ''))).toEqual([])
  })
})

describe('no error is documented that nothing throws', () => {
  test('each code of the catalogue is used somewhere outside it', () => {
    const code = files
      .filter((file) => !/domain\/errors-/.test(file.path) && !file.path.endsWith('.test.ts'))
      .map((file) => file.text)
      .join('\n')
    expect(Object.keys(catalogue).filter((one) => !code.includes(`'${one}'`))).toEqual([])
  })
})
