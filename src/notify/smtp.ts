import { createHash } from 'node:crypto'
import { createTransport } from 'nodemailer'
import { z } from 'zod'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Message, Notifier } from './notifier.ts'
import { defineNotifier } from './notifier.ts'

/**
 * Addresses are plain (`a@b.c`), checked when the configuration is read and handed to the mail library as objects: nothing of
 * them is ever parsed out of a header line, so that nothing in them can become a second recipient or another header.
 */
const address = z.email()

const options = z.object({
  host: z.string().min(1).describe('Mail server.'),
  port: z.int().min(1).max(65_535).default(587).describe('587 for starttls, 465 for tls, 25 or 1025 for none.'),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe(
      'starttls: plain greeting, then TLS or nothing. tls: from the first byte. none: never; for a server on this machine.',
    ),
  user: z.string().optional().describe('Name to log in with; without it the server is used without logging in.'),
  password: z.string().optional().describe('Password, as a reference: env:SMTP_PASSWORD or file:/path.'),
  from: address.describe('Sender.'),
  to: z.array(address).min(1).max(50).describe('Recipients.'),
  timeoutMs: z
    .int()
    .min(100)
    .max(55_000)
    .default(20_000)
    .describe(
      'How long the server may stay silent. Shorter gives up sooner on a slow server; longer holds the outbox up.',
    ),
})

type SmtpOptions = z.output<typeof options>

/** As much of nodemailer's errors as tells them apart. */
interface SmtpFailure {
  readonly code?: string
  readonly responseCode?: number
  readonly response?: string
  readonly message: string
}

/**
 * 5xx will never be taken, 4xx and everything without a reply (refused, cut, hung, no such host) may be later. Logging in has its
 * own code because its remedy is another: except where the server says 4xx there too (454: it cannot check at the moment).
 */
function codeOf({ code, responseCode = 0 }: SmtpFailure): ErrorCode {
  // No TLS although it was asked for: the server's state or somebody in between, never a judgement of the message.
  if (code === 'ETLS') return 'NOTIFY_UNAVAILABLE'
  if (responseCode >= 400 && responseCode < 500) return 'NOTIFY_UNAVAILABLE'
  if (code === 'EAUTH' || code === 'ENOAUTH' || responseCode === 530 || responseCode === 535) return 'NOTIFY_AUTH'
  if (responseCode >= 500 || code === 'EENVELOPE') return 'NOTIFY_REFUSED'
  return 'NOTIFY_UNAVAILABLE'
}

function failure(place: string, cause: SmtpFailure): MillraceError {
  const reply = (cause.response ?? cause.message).replaceAll(/\s+/g, ' ').slice(0, 300)
  return new MillraceError(codeOf(cause), { place, reply }, { cause })
}

/** The same for every attempt: mail servers and readers drop the second copy by it. */
function messageId(key: string, from: string): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 32)
  return `<millrace.${hash}@${from.slice(from.indexOf('@') + 1)}>`
}

function mail(message: Message, { from, to }: SmtpOptions) {
  return {
    from: { name: 'Millrace', address: from },
    to: to.map((one) => ({ name: '', address: one })),
    // The library folds a line break too; here it cannot even reach it.
    subject: message.subject.replaceAll(/[\p{Cc}]+/gu, ' '),
    text: message.text,
    html: message.html,
    messageId: messageId(message.idempotencyKey, from),
    headers: {
      // RFC 3834: no out-of-office answers a machine.
      'Auto-Submitted': 'auto-generated',
      'Idempotency-Key': message.idempotencyKey.replaceAll(/[^\x21-\x7e]/g, '-'),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function transportOf({ host, port, security, user, password, timeoutMs }: SmtpOptions) {
  return createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // With a name given, a server that offers no login must not get the message without one.
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' }, forceAuth: true }),
  })
}

function smtpNotifier(given: SmtpOptions): Notifier {
  const place = `mail to ${given.to.join(', ')} by ${given.host}:${given.port}`
  const transport = transportOf(given)
  return {
    name: 'smtp',
    place,
    async send(message, signal) {
      signal.throwIfAborted()
      const result = await transport.sendMail({ ...mail(message, given), signal }).catch((error: unknown) => {
        signal.throwIfAborted()
        throw failure(place, error as SmtpFailure)
      })
      // Taken for some recipients only: the worst refusal decides, and a repeat reaches the others under the same Message-ID.
      const refusals = (result.rejectedErrors ?? []) as readonly SmtpFailure[]
      const worst = refusals.find((one) => codeOf(one) === 'NOTIFY_UNAVAILABLE') ?? refusals[0]
      if (worst) throw failure(place, worst)
    },
    async [Symbol.asyncDispose]() {
      transport.close()
    },
  }
}

export const adapter = defineNotifier({
  name: 'smtp',
  summary: 'Sends messages as mail.',
  options,
  needs: [{ package: 'nodemailer', version: '10.6.0' }],
  async open(given) {
    return smtpNotifier(given)
  },
})
