import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestWarehouse } from './fixture.ts'
import type { ReadOnly } from './read-only.ts'
import { openReadOnly } from './read-only.ts'
import type { Warehouse } from './warehouse.ts'

/* Ways out of the role that other people's queries run as. Each is tried on a real Postgres; none may work, and nothing may be different afterwards. */

let warehouse: Warehouse
let reader: ReadOnly

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await warehouse.query(
    `insert into dim_account (platform, account_id, name, currency, timezone, first_seen, last_seen)
     values ('meta_ads', '1', 'one', 'USD', 'UTC', now(), now())`,
  )
  reader = openReadOnly(warehouse)
})
afterAll(async () => {
  await reader[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
})

const ask = (text: string) => reader.query({ text, values: [1], timeoutMs: 400 })
const where = 'where $1::int = 1'

/** What must be the same after every try: rows, tables, roles and their rights, settings, open locks, files. */
async function state(): Promise<unknown> {
  const [rows] = await warehouse.query(
    `select (select jsonb_agg(a) from dim_account a) as accounts,
            (select jsonb_agg(c.oid::text || c.relname || coalesce(c.relacl::text, '') order by c.oid) from pg_class c
             join pg_namespace n on n.oid = c.relnamespace where n.nspname in (current_schema(), 'public')) as tables,
            (select jsonb_agg(r.rolname || r.rolsuper::text || r.rolcanlogin::text || r.rolbypassrls::text order by r.rolname)
             from pg_roles r where r.rolname = 'millrace_check') as roles,
            (select jsonb_agg(setting) from pg_db_role_setting s cross join unnest(s.setconfig) setting
             join pg_roles r on r.oid = s.setrole and r.rolname = 'millrace_check') as settings,
            (select count(*) from pg_locks l join pg_stat_activity a on a.pid = l.pid
             where l.locktype = 'advisory' and a.usename = 'millrace_check') as locks,
            (select count(*) from pg_largeobject_metadata) as large_objects`,
  )
  return rows
}

const escapes: readonly (readonly [name: string, query: string])[] = [
  ['delete', `delete from dim_account ${where}`],
  [
    'delete inside a common table expression',
    `with gone as (delete from dim_account returning 1) select * from gone ${where}`,
  ],
  [
    'update inside a common table expression',
    `with x as (update dim_account set name = 'x' returning 1) select * from x ${where}`,
  ],
  ['insert', `insert into dim_account select * from dim_account ${where}`],
  ['merge', `merge into dim_account a using (select $1::int as n) x on true when matched then delete`],
  ['lock rows', `select * from dim_account ${where} for update`],
  ['truncate by a second statement', `select 1 ${where}; truncate dim_account`],
  ['leave the transaction', `commit; drop table dim_account; select $1::int`],
  ['leave it by rollback', `rollback; delete from dim_account; select $1::int`],
  ['lift the read-only mode', `select set_config('transaction_read_only', 'off', false) ${where}`],
  ['lift it for the session', `set session characteristics as transaction read write`],
  [
    'become the owner',
    `select set_config('role', current_setting('session_authorization'), false), count(*) from extract ${where}`,
  ],
  ['become the superuser', `select set_config('role', 'postgres', true) ${where}`],
  ['authorize as another', `select set_config('session_authorization', 'postgres', true) ${where}`],
  ['read a file', `select pg_read_file('/etc/passwd') ${where}`],
  ['read a file in bytes', `select pg_read_binary_file('/etc/hostname') ${where}`],
  ['read a file by the configuration', `select * from pg_hba_file_rules ${where}`],
  ['look whether a file is there', `select pg_stat_file('/etc/passwd') ${where}`],
  ['list a folder', `select pg_ls_dir('/') ${where}`],
  ['list the logs', `select pg_ls_logdir() ${where}`],
  ['import a file', `select lo_import('/etc/passwd') ${where}`],
  ['export a file', `select lo_export(1, '/tmp/x') ${where}`],
  ['make a large object', `select lo_create(0) ${where}`],
  ['run a program', `copy (select 1) to program 'id'`],
  ['write a file', `copy (select 1) to '/tmp/x'`],
  ['read a file into a table', `copy dim_account from '/etc/passwd'`],
  ['make a function', `create function x() returns int language sql as 'select 1'`],
  ['run code', `do $$ begin execute 'delete from dim_account'; end $$`],
  ['make a table', `create table x as select 1`],
  ['make a temporary table', `create temp table x as select 1`],
  ['load a library', `load 'plpgsql'`],
  ['make an extension', `create extension dblink`],
  ['read passwords', `select rolpassword from pg_authid ${where}`],
  ['read another’s shadow', `select * from pg_shadow ${where}`],
  ['read users', `select * from access_user ${where}`],
  ['read keys', `select * from access_key ${where}`],
  ['read connection secrets', `select * from connection_secret ${where}`],
  ['read messages', `select * from outbox ${where}`],
  ['read the audit log', `select * from audit_line ${where}`],
  [
    'read what others run',
    `select 1 / (count(query)::int - count(*)::int) from pg_stat_activity where usename <> current_user and $1 = 1`,
  ],
  [
    'end others',
    `select 1 / (pg_terminate_backend(pid)::int - 1) from pg_stat_activity where usename <> current_user and $1 = 1`,
  ],
  [
    'cancel others',
    `select 1 / (pg_cancel_backend(pid)::int - 1) from pg_stat_activity where usename <> current_user and $1 = 1`,
  ],
  ['move a sequence', `select nextval('outbox_outbox_id_seq') ${where}`],
  ['set a sequence', `select setval('outbox_outbox_id_seq', 1) ${where}`],
  ['notify', `select pg_notify('millrace', 'x') ${where}; delete from dim_account`],
  ['change a setting for ever', `alter role millrace_check set statement_timeout = 0`],
  ['change the system', `alter system set log_statement = 'all'`],
  ['reload the configuration', `select pg_reload_conf() ${where}`],
  ['rotate the log', `select pg_rotate_logfile() ${where}`],
  ['take a backup', `select pg_backup_start('x') ${where}`],
  ['make a checkpoint', `checkpoint`],
  ['give itself a role', `grant postgres to millrace_check`],
  ['take a table', `alter table dim_account owner to millrace_check`],
  ['sleep beyond its time', `select pg_sleep(30) ${where}`],
  ['sleep after lifting the time', `select pg_sleep(30), set_config('statement_timeout', '0', false) ${where}`],
  ['fill the memory', `select count(*) from generate_series(1, 10000000000) n where n > $1`],
  ['take many statements', `select $1::int; select $1::int`],
]

describe('a query of somebody else', () => {
  test('does what it may', async () => {
    expect(await ask(`select account_id from dim_account ${where}`)).toEqual([{ account_id: '1' }])
  })

  test('gets out by none of these ways, and leaves nothing behind', async () => {
    expect(escapes.length).toBeGreaterThan(50)
    const before = await state()
    const open: string[] = []
    for (const [name, query] of escapes)
      await ask(query).then(
        () => open.push(name),
        () => undefined,
      )
    expect(open).toEqual([])
    expect(await state()).toEqual(before)
  })

  test('leaves its session as it was: what one lifts, the next one has not', async () => {
    await ask(
      `select set_config('statement_timeout', '0', false), set_config('search_path', 'pg_catalog', false) ${where}`,
    )
    expect(await ask(`select account_id from dim_account ${where}`)).toHaveLength(1)
    await expect(ask(`select pg_sleep(30) ${where}`)).rejects.toThrow(/timeout/)
    await expect(ask(`update dim_account set name = 'x' ${where}`)).rejects.toThrow(/read-only|permission/)
  })
})
