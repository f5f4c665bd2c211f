import type { Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** What the mail server does to every mail: takes it, refuses it for now, for good, or says nothing any more. */
export type MailFault = 'unavailable' | 'refused' | 'hang' | null

/** A real mail server on a free port, with a mailbox that is a list of idempotency keys in the order in which mails came. */
export interface Mailbox extends AsyncDisposable {
  readonly port: number
  readonly keys: readonly string[]
  fail(how: MailFault): void
}

function reply(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code })
}

export async function openMailbox(): Promise<Mailbox> {
  const keys: string[] = []
  const sockets = new Set<Socket>()
  let fault: MailFault = null
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onRcptTo(_address, _session, done) {
      if (fault === 'hang') return
      if (fault === 'unavailable') return done(reply(452, '4.2.2 mailbox full'))
      if (fault === 'refused') return done(reply(550, '5.1.1 no such user'))
      done()
    },
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        keys.push(/^idempotency-key: (\S+)/im.exec(text)?.[1] ?? '')
        done()
      })
    },
  })
  // A client that is killed breaks its connection; that is what this server is for.
  server.on('error', () => undefined)
  server.server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = server.server.address()
  return {
    port: typeof at === 'object' && at ? at.port : 0,
    keys,
    fail(how) {
      fault = how
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
