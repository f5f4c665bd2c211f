import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom, standingClock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { backoffMs } from './backoff.ts'
import type { Message, Notifier } from './notifier.ts'
import type { Post } from './outbox.ts'
import { deliverDue, enqueue } from './outbox.ts'

/* On a real Postgres: locks, rollbacks and skipped rows are what this is about. The other side is a list that can be told to fail. */

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

beforeEach(async () => {
  await warehouse.query('delete from outbox')
})

const startMs = Date.UTC(2026, 10, 20, 17)

const message = (key: string): Message => ({ idempotencyKey: key, subject: 'S', text: 'T', html: '<p>H</p>' })

interface Channel {
  readonly name: string
  readonly notifier: Notifier
  readonly sent: string[]
}

function channel(
  name: string,
  behave: (key: string, attempt: number, signal: AbortSignal) => Promise<void> | void = () => {},
): Channel {
  const sent: string[] = []
  const attempts = new Map<string, number>()
  return {
    name,
    sent,
    notifier: {
      name,
      place: `place of ${name}`,
      async send(one, signal) {
        const attempt = (attempts.get(one.idempotencyKey) ?? 0) + 1
        attempts.set(one.idempotencyKey, attempt)
        await behave(one.idempotencyKey, attempt, signal)
        sent.push(one.idempotencyKey)
      },
      async [Symbol.asyncDispose]() {},
    },
  }
}

function postOf(channels: readonly Channel[], clock = standingClock(startMs), seed = 1): Post {
  return { warehouse, channels, clock, random: seededRandom(seed) }
}

const live = () => new AbortController().signal

const put = (channelName: string, ...keys: readonly string[]) =>
  warehouse.transaction(async (session) => {
    for (const key of keys) await enqueue(session, channelName, message(key), startMs)
  })

const rows = () =>
  warehouse.query<{ key: string; attempts: number; delivered: boolean; dead: boolean; error: string | null }>(
    `select idempotency_key as key, attempts, delivered_at is not null as delivered, dead_at is not null as dead, last_error as error
     from outbox order by idempotency_key, channel`,
  )

const unavailable = (retryAfterMs?: number) =>
  new MillraceError('NOTIFY_UNAVAILABLE', { place: 'p', reply: 'busy' }, { retryAfterMs })

describe('putting in', () => {
  test('the same message for the same channel is one row; another channel has its own', async () => {
    await put('mail', 'a', 'a')
    await put('mail', 'a')
    await put('file', 'a')
    expect((await rows()).map((one) => one.key)).toEqual(['a', 'a'])
  })

  test('a message whose run did not end is not there', async () => {
    const ending = warehouse.transaction(async (session) => {
      await enqueue(session, 'mail', message('a'), startMs)
      throw new Error('the run was killed')
    })
    await expect(ending).rejects.toThrow('the run was killed')
    expect(await rows()).toEqual([])
  })
})

describe('delivering', () => {
  test('sends what is due, once, oldest first, and only to the channels that are open', async () => {
    await put('mail', 'a', 'b')
    await put('closed', 'c')
    const mail = channel('mail')
    expect(await deliverDue(postOf([mail]), live())).toEqual({ delivered: 2, dead: 0, waiting: 0 })
    expect(await deliverDue(postOf([mail]), live())).toEqual({ delivered: 0, dead: 0, waiting: 0 })
    expect(mail.sent).toEqual(['a', 'b'])
    expect((await rows()).map((one) => [one.key, one.delivered])).toEqual([
      ['a', true],
      ['b', true],
      ['c', false],
    ])
  })

  test('one that fails waits and holds up no other', async () => {
    await put('mail', 'a', 'b')
    const mail = channel('mail', (key) => {
      if (key === 'a') throw unavailable()
    })
    expect(await deliverDue(postOf([mail]), live())).toEqual({ delivered: 1, dead: 0, waiting: 1 })
    expect(mail.sent).toEqual(['b'])
    expect((await rows())[0]).toMatchObject({
      attempts: 1,
      dead: false,
      error: expect.stringMatching(/^NOTIFY_UNAVAILABLE: /),
    })
  })

  test('seven attempts, each after its wait, then it is dead and stays', async () => {
    await put('mail', 'a')
    const at: number[] = []
    const clock = standingClock(startMs)
    const mail = channel('mail', () => {
      at.push(clock.nowMs())
      throw unavailable()
    })
    const post = { ...postOf([mail], clock), random: () => 1 - Number.EPSILON }
    const rounds = [await deliverDue(post, live())]
    for (const waitMs of [...backoffMs, 86_400_000]) {
      await clock.sleep(waitMs - 1)
      rounds.push(await deliverDue(post, live()))
      await clock.sleep(1)
      rounds.push(await deliverDue(post, live()))
    }
    expect(rounds.reduce((sum, one) => sum + one.dead, 0)).toBe(1)
    expect(at.map((ms, index) => ms - (at[index - 1] ?? startMs))).toEqual([0, ...backoffMs])
    expect(await rows()).toMatchObject([{ attempts: 7, delivered: false, dead: true }])
  })

  test('waits at least as long as the other side asked', async () => {
    await put('mail', 'a')
    const clock = standingClock(startMs)
    const mail = channel('mail', (_key, attempt) => {
      if (attempt === 1) throw unavailable(3_600_000)
    })
    await deliverDue(postOf([mail], clock), live())
    await clock.sleep(3_599_999)
    expect((await deliverDue(postOf([mail], clock), live())).delivered).toBe(0)
    await clock.sleep(1)
    expect((await deliverDue(postOf([mail], clock), live())).delivered).toBe(1)
  })

  test('what the other side will never take is dead at once; a fault of the sender is tried again', async () => {
    await put('mail', 'a', 'b')
    const mail = channel('mail', (key) => {
      if (key === 'a') throw new MillraceError('NOTIFY_REFUSED', { place: 'p', reply: '550' })
      throw new TypeError('a fault')
    })
    expect(await deliverDue(postOf([mail]), live())).toEqual({ delivered: 0, dead: 1, waiting: 1 })
    expect((await rows()).map((one) => one.error)).toEqual([expect.stringMatching(/^NOTIFY_REFUSED/), 'a fault'])
  })

  test('being stopped is no attempt, and the message stays due', async () => {
    await put('mail', 'a')
    const stop = new AbortController()
    const mail = channel('mail', async (_key, _attempt, signal) => {
      stop.abort(new Error('stopped'))
      signal.throwIfAborted()
    })
    await expect(deliverDue(postOf([mail]), stop.signal)).rejects.toThrow('stopped')
    expect(await rows()).toMatchObject([{ attempts: 0, delivered: false }])
    expect((await deliverDue(postOf([channel('mail')]), live())).delivered).toBe(1)
  })

  test('a process that dies between sending and marking sends again under the same key', async () => {
    await put('mail', 'a')
    const mail = channel('mail')
    const dying: Post = {
      ...postOf([mail]),
      warehouse: {
        transaction: (work) =>
          warehouse.transaction((session) =>
            work({
              query: (text, values) => {
                if (text.includes('delivered_at = $2')) throw new Error('killed')
                return session.query(text, values)
              },
            }),
          ),
      },
    }
    await expect(deliverDue(dying, live())).rejects.toThrow('killed')
    expect(await rows()).toMatchObject([{ attempts: 0, delivered: false }])
    await deliverDue(postOf([mail]), live())
    expect(mail.sent).toEqual(['a', 'a'])
    expect(await rows()).toMatchObject([{ delivered: true }])
  })

  test('eight deliverers at once send each message once', async () => {
    const keys = Array.from({ length: 40 }, (_, at) => `k${String(at).padStart(2, '0')}`)
    await put('mail', ...keys)
    const mail = channel('mail', () => new Promise((resolve) => setTimeout(resolve, 2)))
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, seed) => deliverDue(postOf([mail], undefined, seed), live())),
    )
    expect([...mail.sent].sort()).toEqual(keys)
    expect(all.reduce((sum, one) => sum + one.delivered, 0)).toBe(40)
  })

  test('under a third of failures every message arrives, one row a key', async () => {
    const keys = Array.from({ length: 60 }, (_, at) => `k${at}`)
    await put('mail', ...keys)
    const random = seededRandom(20261120)
    const clock = standingClock(startMs)
    const mail = channel('mail', () => {
      if (random() < 0.3) throw unavailable()
    })
    for (let round = 0; round < 12; round += 1) {
      await deliverDue(postOf([mail], clock, round), live())
      await clock.sleep(21_600_000)
    }
    expect([...new Set(mail.sent)].sort()).toEqual([...keys].sort())
    expect(mail.sent.length).toBe(60)
  })
})
