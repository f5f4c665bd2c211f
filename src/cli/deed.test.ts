import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit, verifyAudit } from '../access/audit.ts'
import { createKey } from '../access/keys.ts'
import type { KeyScope } from '../access/keys.ts'
import { systemClock } from '../domain/clock.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Role } from '../domain/role.ts'
import { covers, roles } from '../domain/role.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { commandRoles, roleOfCall } from './command-roles.ts'
import type { CommandName } from './commands.ts'
import { commandNames, commands } from './commands.ts'
import { Deed } from './deed.ts'
import { Scrubber } from './scrubber.ts'

const project = mkdtempSync(join(tmpdir(), 'millrace-deed-'))
let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  writeFileSync(join(project, 'millrace.config.json'), '{ "transform": false }')
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(project, { recursive: true })
})

const nowMs = () => systemClock.nowMs()

async function keyOf(name: string, scope: KeyScope, clients: readonly string[] | null = null): Promise<string> {
  const wanted = { name, scope, clients, expiresAtMs: null, by: 'test', nowMs: nowMs() }
  return (await warehouse.transaction((session) => createKey(session, wanted))).key
}

const deedOf = (name: CommandName, args: readonly string[] = [], secrets = new Scrubber(), given = {}) =>
  new Deed({ name, args, given, secrets, clock: systemClock })

describe('every command for every role', () => {
  const calls = async (): Promise<readonly (readonly [CommandName, readonly string[], 'none' | Role])[]> =>
    (
      await Promise.all(
        commandNames.map(async (name) => {
          const [first] = (await commands[name].load()).command.arguments
          const actions = first?.choices ?? [undefined]
          return actions.map((one) => [name, one === undefined ? [] : [one], roleOfCall(name, one).role] as const)
        }),
      )
    ).flat()

  test('each action is declared, and nothing that there is not', async () => {
    const declared = commandNames.map((name) => [name, Object.keys(Object(commandRoles[name]) as object)] as const)
    const there = await Promise.all(
      commandNames.map(async (name) => {
        const choices = (await commands[name].load()).command.arguments[0]?.choices
        return [name, typeof commandRoles[name] === 'string' ? Object.keys(commandRoles[name]) : choices] as const
      }),
    )
    expect(declared).toEqual(there)
  })

  test('a key may call what its role covers, and nothing else', async () => {
    const held = new Map<KeyScope, string>()
    for (const scope of [...roles, 'collect'] as const) held.set(scope, await keyOf(`may-${scope}`, scope))
    const found: string[] = []
    const wanted: string[] = []
    for (const [name, args, role] of await calls())
      for (const [scope, key] of held) {
        const call = [name, ...args, 'by', scope].join(' ')
        const outcome = await deedOf(name, args)
          .doneBy(key, warehouse)
          .then(
            () => 'done',
            (error: unknown) => (isMillraceError(error) ? error.code : 'accident'),
          )
        found.push(`${call}: ${outcome}`)
        const isKnown = scope !== 'collect'
        const refusal = isKnown ? 'ACCESS_ROLE_WANTED' : 'ACCESS_KEY_REFUSED'
        wanted.push(`${call}: ${role === 'none' || (isKnown && covers(scope, role)) ? 'done' : refusal}`)
      }
    expect(found).toEqual(wanted)
    expect(found.filter((one) => one.includes('ROLE_WANTED')).length).toBeGreaterThan(40)
  })

  test('a key that is limited to clients calls nothing that reads the whole project', async () => {
    const key = await keyOf('acme', 'viewer', ['acme'])
    await expect(deedOf('sql', ['select 1']).doneBy(key, warehouse)).rejects.toMatchObject({
      code: 'ACCESS_CLIENTS_ONLY',
    })
  })
})

test('what writes is written down once, before it is done, in somebody’s name, without secrets', async () => {
  const secrets = new Scrubber()
  secrets.add('hunter2-hunter2')
  const deed = deedOf('incidents', ['ack', 'abc', 'pw is hunter2-hunter2'], secrets, { by: 'hunter2-hunter2' })
  await deed.begin(warehouse)
  await deed.begin(warehouse)
  const lines = await listAudit(warehouse, { action: 'incidents ack', who: userInfo().username, limit: 10 })
  expect(lines).toMatchObject([
    { action: 'incidents ack', outcome: 'begun', whoKind: 'local', subject: 'abc pw is ••••' },
  ])
  expect(lines[0]?.detail).toEqual({ by: '••••' })
  await deedOf('audit', ['list']).begin(warehouse)
  expect(await listAudit(warehouse, { action: 'audit', who: userInfo().username, limit: 1 })).toEqual([])
})

function millrace(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const { host, port, user, password, database } = warehouse.connection
  const url = `postgres://${user}:${password ?? ''}@${encodeURIComponent(host)}:${port}/${database}`
  const env = { PATH: process.env['PATH'], HOME: project, MILLRACE_DATABASE_URL: url, ...more }
  const main = join(import.meta.dirname, 'main.ts')
  const options = { cwd: project, env, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options)
  return { status, stdout, stderr }
}

test('keys and users by command: a key is printed once, the log says who made it', async () => {
  const made = millrace(['keys', 'create', 'nightly', '--role', 'admin', '--expires', '90d'])
  expect([made.status, made.stdout]).toEqual([0, expect.stringMatching(/^mr_[0-9a-f]{16}_[\w-]{43}\n$/)])
  const MILLRACE_API_KEY = made.stdout.trim()
  const added = millrace(['users', 'add', 'Ada', '--role', 'viewer', '--json'], { MILLRACE_API_KEY })
  expect(JSON.parse(added.stdout)).toMatchObject({ name: 'ada', role: 'viewer', createdBy: 'nightly' })
  const [line] = await listAudit(warehouse, { action: 'users add', limit: 1 })
  expect(line).toMatchObject({ who: 'nightly', whoKind: 'key', outcome: 'done', subject: 'Ada', beforeHash: null })
  const refused = millrace(['gc', '--json'], { MILLRACE_API_KEY: 'mr_0000000000000000_no' })
  expect([refused.status, refused.stderr]).toEqual([7, expect.stringContaining('ACCESS_KEY_REFUSED')])
  expect(await verifyAudit(warehouse)).toMatchObject({ brokenAt: null })
})
