import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowsOnce } from './rows-once.ts'

test('of each entity and day the first row is let through, in whatever order and however many days they come', () => {
  const row = fc.record({ id: fc.constantFrom('1', '2', '3'), date: fc.nat(99).map((number) => `day ${number}`) })
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 60 }), { maxLength: 8 }), (batches) => {
      const once = rowsOnce({ entityId: 'id', date: 'date' })
      const kept = batches.flatMap((batch) => once.keep(batch))
      const firsts = new Map(batches.flat().map((one) => [`${one.id}|${one.date}`, one]))
      expect(kept.map((one) => `${one['id']}|${one['date']}`)).toEqual([...firsts.keys()])
      expect(once.repeated).toBe(batches.flat().length - kept.length)
    }),
    { seed: 41, numRuns: 300 },
  )
})
