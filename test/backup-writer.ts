import { argv, stdout } from 'node:process'
import type { Connection } from '../src/warehouse/warehouse.ts'
import { openPlain } from '../src/warehouse/table-sums.ts'

/** Commits rows one after another and says of each, once the server has acknowledged it, its number and when. Ends by being killed. */
const session = await openPlain(JSON.parse(argv[2] ?? '') as Connection)
const { rows } = await session.query<{ next: string }>('select coalesce(max(id), 0) + 1 as next from shop.sale')
for (let id = Number(rows[0]?.next ?? 1); ; id += 1) {
  await session.query('insert into shop.sale (id, body) values ($1::bigint, md5($1::bigint::text))', [id])
  stdout.write(`${id} ${Date.now()}\n`)
}
