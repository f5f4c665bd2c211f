import { spawnSync } from 'node:child_process'
import type { Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { briefMessage } from './brief-message.ts'
import { briefSample } from './brief.fixture.ts'
import type { Arrived, Fault, NotifierBench } from './notifier.contract.ts'
import { notifierContract, sample } from './notifier.contract.ts'
import { adapter } from './smtp.ts'

/* Over a real mail server in this process: the wire, its replies and its faults are real; only the mailbox is an array. */

const password = 'correct horse battery staple'

interface MailBench extends NotifierBench {
  readonly raw: string[]
  readonly recipients: string[][]
  readonly port: number
}

function replyError(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code })
}

async function open(more: { to?: string[]; refuse?: string; logins?: boolean } = {}): Promise<MailBench> {
  const raw: string[] = []
  const recipients: string[][] = []
  const sockets = new Set<Socket>()
  let fault: Fault | null = null
  const server = new SMTPServer({
    disabledCommands: more.logins === false ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    logger: false,
    onAuth: (auth, _session, done) =>
      fault === 'auth' || auth.password !== password
        ? done(replyError(535, '5.7.8 Authentication credentials invalid'))
        : done(null, { user: auth.username ?? '' }),
    onMailFrom: (_address, _session, done) => (fault === 'hang' ? undefined : done()),
    onRcptTo(address, _session, done) {
      if (fault === 'unavailable') return done(replyError(452, '4.2.2 mailbox full'))
      if (fault === 'refused' || address.address === more.refuse) return done(replyError(550, '5.1.1 no such user'))
      done()
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (fault === 'cut') return sockets.forEach((socket) => socket.destroy())
        raw.push(Buffer.concat(chunks).toString('utf8'))
        recipients.push(session.envelope.rcptTo.map((one) => one.address))
        done()
      })
    },
  })
  server.on('error', () => undefined)
  server.server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = server.server.address()
  const port = typeof at === 'object' && at ? at.port : 0
  const options = { host: '127.0.0.1', port, security: 'none', user: 'reports', password, timeoutMs: 400 }
  const notifier = await adapter.open(
    adapter.options.parse({ ...options, from: 'millrace@example.com', to: more.to ?? ['data-team@company.com'] }),
  )
  return {
    notifier,
    raw,
    recipients,
    port,
    arrived: async () => raw.map(parsed),
    fail: async (how) => {
      fault = how
    },
    async [Symbol.asyncDispose]() {
      await notifier[Symbol.asyncDispose]()
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

interface Part {
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** RFC 5322 head and body, folded lines joined. */
function partOf(text: string): Part {
  const end = text.indexOf('\r\n\r\n')
  const lines = text
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return { headers: new Map(headers), body: text.slice(end + 4) }
}

/** RFC 2047 encoded words; blanks between two of them are not text. */
function words(text: string): string {
  const joined = text.replaceAll(/(\?=)\s+(=\?)/g, '$1$2')
  return joined.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_whole, kind: string, data: string) =>
    kind.toLowerCase() === 'b'
      ? Buffer.from(data, 'base64').toString('latin1')
      : quotedPrintable(data.replaceAll('_', ' ')),
  )
}

function quotedPrintable(text: string): string {
  return text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

const utf8 = (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8')

function bodyOf({ headers, body }: Part): string {
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase()
  const decoded =
    encoding === 'base64'
      ? utf8(Buffer.from(body, 'base64').toString('latin1'))
      : encoding === 'quoted-printable'
        ? utf8(quotedPrintable(body))
        : body
  return decoded.replaceAll('\r\n', '\n')
}

function parsed(text: string): Arrived {
  const whole = partOf(text)
  const boundary = /boundary="?([^";]+)"?/.exec(whole.headers.get('content-type') ?? '')?.[1] ?? ''
  const parts = whole.body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => partOf(part.replace(/^\r\n/, '')))
  const of = (type: string) => parts.find((part) => part.headers.get('content-type')?.startsWith(type))
  const textPart = of('text/plain')
  const htmlPart = of('text/html')
  return {
    subject: utf8(words(whole.headers.get('subject') ?? '')),
    text: textPart ? bodyOf(textPart) : '',
    html: htmlPart ? bodyOf(htmlPart) : null,
    idempotencyKey: whole.headers.get('idempotency-key') ?? null,
  }
}

notifierContract('smtp', { open, secrets: [password] })

const live = () => AbortSignal.timeout(5_000)

test('the Message-ID is the same for every attempt, and no machine is asked to answer', async () => {
  await using bench = await open()
  await bench.notifier.send(sample, live())
  await bench.notifier.send(sample, live())
  const heads = bench.raw.map((text) => partOf(text).headers)
  expect(new Set(heads.map((head) => head.get('message-id'))).size).toBe(1)
  expect(heads[0]?.get('message-id')).toMatch(/^<millrace\.[0-9a-f]{32}@example\.com>$/)
  expect(heads[0]?.get('auto-submitted')).toBe('auto-generated')
})

test('nothing in subject, text or key reaches a recipient that was not configured', async () => {
  await using bench = await open({ to: ['a@example.com', 'b@example.com'] })
  const hostile = 'x\r\nBcc: c@example.com\r\nRCPT TO:<c@example.com>\r\n.\r\nRCPT TO:<c@example.com>\r\n'
  await bench.notifier.send({ idempotencyKey: hostile, subject: hostile, text: hostile, html: hostile }, live())
  expect(bench.recipients).toEqual([['a@example.com', 'b@example.com']])
  expect(partOf(bench.raw[0] ?? '').headers.has('bcc')).toBe(false)
})

test.each(['a@b.c\r\nBcc: x@y.z', 'a@b.c, x@y.z', '<a@b.c>', 'a b@c.d', 'nobody', ''])(
  'the recipient %j is refused before anything is sent',
  (to) => {
    const given = { host: 'localhost', from: 'millrace@example.com', to: [to] }
    expect(adapter.options.safeParse(given).success).toBe(false)
  },
)

test('one recipient that does not exist is named; the others have the message', async () => {
  await using bench = await open({ to: ['a@example.com', 'gone@example.com'], refuse: 'gone@example.com' })
  const error = await bench.notifier.send(sample, live()).catch((thrown: unknown) => thrown)
  expect(isMillraceError(error, 'NOTIFY_REFUSED')).toBe(true)
  expect(String(error)).toContain('no such user')
  expect(bench.recipients).toEqual([['a@example.com']])
})

test('a server without login does not get the message that was to be sent with one', async () => {
  await using bench = await open({ logins: false })
  const error = await bench.notifier.send(sample, live()).catch((thrown: unknown) => thrown)
  expect(isMillraceError(error) && error.code).toBe('NOTIFY_AUTH')
  expect(bench.raw).toEqual([])
})

test('a server without TLS does not get the message when TLS was asked for', async () => {
  await using bench = await open()
  const options = { host: '127.0.0.1', port: bench.port, from: 'a@example.com', to: ['b@example.com'], timeoutMs: 500 }
  await using secure = await adapter.open(adapter.options.parse(options))
  const error = await secure.send(sample, live()).catch((thrown: unknown) => thrown)
  expect(isMillraceError(error) && error.code).toBe('NOTIFY_UNAVAILABLE')
  expect(bench.raw).toEqual([])
})

test('a stop in the middle ends the connection at once and is told as the stop', async () => {
  await using bench = await open()
  await bench.fail?.('hang')
  const stop = new AbortController()
  const sending = bench.notifier.send(sample, stop.signal)
  setTimeout(() => stop.abort(new Error('stopped')), 50)
  await expect(sending).rejects.toThrow('stopped')
})

test('nobody listening is unavailable, with the address that was tried', async () => {
  const closed = await open()
  await closed[Symbol.asyncDispose]()
  const error = await closed.notifier.send(sample, live()).catch((thrown: unknown) => thrown)
  expect(isMillraceError(error) && error.code).toBe('NOTIFY_UNAVAILABLE')
  expect(String(error)).toContain(`127.0.0.1:${closed.port}`)
})

const python =
  'import email, email.policy, json, sys\n' +
  'mail = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)\n' +
  'part = lambda kind: mail.get_body(preferencelist=(kind,)).get_content()\n' +
  'json.dump([mail["subject"], part("plain"), part("html"), len(mail.defects)], sys.stdout)'

test('the morning brief arrives in both languages as Python’s own mail parser reads it', async ({ skip }) => {
  if (spawnSync('python3', ['-c', 'import email']).status !== 0) skip('no python3')
  await using bench = await open()
  for (const language of ['en', 'ko'] as const) {
    const message = briefMessage(briefSample, language)
    await bench.notifier.send(message, live())
    const input = Buffer.from(bench.raw.at(-1) ?? '', 'utf8')
    const { stdout } = spawnSync('python3', ['-c', python], {
      input,
      encoding: 'utf8',
      env: { ...process.env, PYTHONIOENCODING: 'utf8' },
    })
    const [subject, text, html, defects] = JSON.parse(stdout) as [string, string, string, number]
    expect([subject, defects]).toEqual([message.subject, 0])
    expect(text.replaceAll('\r\n', '\n').trimEnd()).toBe(message.text.trimEnd())
    expect(html.replaceAll('\r\n', '\n').trimEnd()).toBe(message.html.trimEnd())
  }
})
