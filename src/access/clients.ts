import type { Session } from '../warehouse/warehouse.ts'

/** Clients with their accounts, `platform/account`; `platform/*` is every account that no client names by itself. */
export type ClientAccounts = Readonly<Record<string, readonly string[]>>

/** Makes what is declared be in force. Returns whether anything was different. */
export async function declareClients(
  session: Session,
  clients: ClientAccounts,
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Promise<boolean> {
  const rows = Object.entries(clients).flatMap(([client, accounts]) =>
    accounts.map((account) => {
      const at = account.indexOf('/')
      return [
        account.slice(0, at),
        account.slice(at + 1).replace(/^act_/, ''),
        client.normalize('NFKC').toLowerCase(),
      ] as const
    }),
  )
  await session.query('lock table account_client in share row exclusive mode')
  const [platforms, ids, names] = [0, 1, 2].map((place) => rows.map((row) => row[place] ?? ''))
  const wanted = 'select * from unnest($1::text[], $2::text[], $3::text[]) as w (platform, account_id, client)'
  const values = [platforms ?? [], ids ?? [], names ?? []]
  const gone = await session.query(
    `delete from account_client a where not exists (select from (${wanted}) w
       where w.platform = a.platform and w.account_id = a.account_id and w.client = a.client) returning 1`,
    values,
  )
  const come = await session.query(
    `insert into account_client (platform, account_id, client, set_at, set_by) select w.*, $4, $5 from (${wanted}) w
     on conflict (platform, account_id) do nothing returning 1`,
    [...values, new Date(nowMs), by],
  )
  return gone.length + come.length > 0
}
