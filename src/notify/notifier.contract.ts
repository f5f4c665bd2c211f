import { expect, test } from 'vitest'
import type { ErrorCode } from '../domain/errors.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Message, Notifier } from './notifier.ts'

/** What the other side of a notifier has, as it would show it. */
export interface Arrived {
  readonly subject: string
  readonly text: string
  /** Null where the other side has no such thing. */
  readonly html: string | null
  readonly idempotencyKey: string | null
}

/** A notifier opened against a real other side, and a look at that side. */
export interface NotifierBench extends AsyncDisposable {
  readonly notifier: Notifier
  readonly arrived: () => Promise<readonly Arrived[]>
  /** Makes the other side fail in this way until it is called with null. Absent: this kind of side cannot. */
  readonly fail?: (how: Fault | null) => Promise<void>
}

/** `unavailable`: later, perhaps. `refused`: never. `auth`: not with these credentials. `hang`: no answer. `cut`: the line breaks. */
export type Fault = 'unavailable' | 'refused' | 'auth' | 'hang' | 'cut'

export interface NotifierHarness {
  open(): Promise<NotifierBench>
  /** Why the other side is not there; undefined when it is. */
  readonly unavailable?: string | undefined
  /** Faults that this kind of other side cannot have, with the reason. */
  readonly waivers?: Readonly<Partial<Record<Fault | 'html' | 'key', string>>>
  /** Secrets that were given when it was opened. */
  readonly secrets?: readonly string[]
}

const faults: Readonly<Record<Fault, ErrorCode>> = {
  unavailable: 'NOTIFY_UNAVAILABLE',
  refused: 'NOTIFY_REFUSED',
  auth: 'NOTIFY_AUTH',
  hang: 'NOTIFY_UNAVAILABLE',
  cut: 'NOTIFY_UNAVAILABLE',
}

export const sample: Message = {
  idempotencyKey: 'run:0192f3c4-7a1b-7def-8abc-1234567890ab:success',
  subject: 'Ad Data Pipeline Success · 광고 데이터',
  text: '비용 ₩1,234,567\n.\nA line that begins with a dot above, and one that is long: ' + 'ä'.repeat(1200) + '\n',
  html: '<!doctype html><p>비용 &amp; 클릭 <b>₩1,234,567</b></p>\n',
}

const live = () => new AbortController().signal

/** What every way of telling people promises. One call an adapter: `notifierContract('file', …)`. */
export function notifierContract(name: string, harness: NotifierHarness): void {
  const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes(name)
  const promise = (what: string, body: (bench: NotifierBench) => Promise<void>, waiver?: string) =>
    test(`${name}: ${what}`, async ({ skip }) => {
      if (harness.unavailable !== undefined && !required) skip(true, harness.unavailable)
      if (waiver !== undefined) skip(true, waiver)
      expect.hasAssertions()
      await using bench = await harness.open()
      await body(bench)
    })

  promise(
    'a message arrives whole, with its Hangul, its long lines and its lone dots',
    async ({ notifier, arrived }) => {
      await notifier.send(sample, live())
      const [one, ...others] = await arrived()
      expect(others).toEqual([])
      expect(one?.subject).toBe(sample.subject)
      expect(one?.text.trim()).toContain(sample.text.trim())
    },
  )

  promise(
    'the HTML arrives beside the text',
    async ({ notifier, arrived }) => {
      await notifier.send(sample, live())
      expect((await arrived())[0]?.html?.trim()).toBe(sample.html.trim())
    },
    harness.waivers?.html,
  )

  promise(
    'a message sent twice carries one idempotency key, so that the other side can drop the second',
    async ({ notifier, arrived }) => {
      await notifier.send(sample, live())
      await notifier.send(sample, live())
      expect(new Set((await arrived()).map((one) => one.idempotencyKey))).toEqual(new Set([sample.idempotencyKey]))
    },
    harness.waivers?.key,
  )

  promise('different messages stay apart', async ({ notifier, arrived }) => {
    await notifier.send(sample, live())
    await notifier.send({ ...sample, idempotencyKey: `${sample.idempotencyKey}!`, subject: 'Another' }, live())
    expect((await arrived()).map((one) => one.subject).sort()).toEqual([sample.subject, 'Another'].sort())
  })

  promise('a line break in a subject ends nothing and adds nothing', async ({ notifier, arrived }) => {
    await notifier.send({ ...sample, subject: 'One\r\nBcc: someone@example.com\r\n\r\nbody' }, live())
    const [one, ...others] = await arrived()
    expect(others).toEqual([])
    expect(one?.subject.replaceAll(/\s+/g, ' ')).toBe('One Bcc: someone@example.com body')
    expect(one?.text.trim()).toContain(sample.text.trim())
  })

  promise('a stopped sender sends nothing and says why it stopped', async ({ notifier, arrived }) => {
    const stopped = new Error('stopped')
    await expect(notifier.send(sample, AbortSignal.abort(stopped))).rejects.toBe(stopped)
    expect(await arrived()).toEqual([])
  })

  promise('its place names no secret', async ({ notifier }) => {
    expect(notifier.place).not.toBe('')
    for (const secret of harness.secrets ?? []) expect(notifier.place).not.toContain(secret)
  })

  for (const fault of Object.keys(faults) as Fault[]) {
    promise(
      `${fault}: fails as ${faults[fault]} with the reply and without secrets, and works again afterwards`,
      async (bench) => {
        await bench.fail?.(fault)
        const error = await bench.notifier.send(sample, live()).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(isMillraceError(error) ? error.code : error).toBe(faults[fault])
        for (const secret of harness.secrets ?? []) expect(String(error)).not.toContain(secret)
        await bench.fail?.(null)
        await bench.notifier.send(sample, live())
        expect((await bench.arrived()).length).toBeGreaterThan(0)
      },
      harness.waivers?.[fault],
    )
  }
}
