import { randomUUID } from 'node:crypto'
import type { FastifyContextConfig, FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../domain/clock.ts'
import type { Language } from '../domain/errors.ts'
import { isMillraceError, MillraceError } from '../domain/errors.ts'
import { readClickToken } from './click-token.ts'
import { bodyBytesMax, checkCount, jsonOf, unpacked } from './collect-body.ts'
import type { Collected } from './collect-events.ts'
import { EventReader, stamped } from './collect-events.ts'
import type { FindKey, KeySettings, Sender } from './collect-keys.ts'
import { basicUser, Senders } from './collect-keys.ts'
import { agentFamily, ivtReason, truncatedIp } from './collect-privacy.ts'
import { CommitQueue } from './collect-queue.ts'
import type { Spool } from './collect-spool.ts'
import type { EventLog } from './log.ts'
import { partitionOf } from './partition.ts'
import { isObject } from './segment-event.ts'
import type { Json } from './segment-event.ts'

export interface CollectorOptions {
  /** Throws while there is none yet. */
  readonly log: () => EventLog
  readonly keys: Readonly<Record<string, KeySettings>>
  /** Keys that the project made; without it those of the configuration are all. */
  readonly findKey?: FindKey | undefined
  readonly clock: Clock
  /** For pixels and clicks, whose senders never try again; without it they wait for the log like everybody. */
  readonly spool?: Spool | undefined
  /** Bytes that may wait for the log; default 32 MB. */
  readonly queueBytesMax?: number | undefined
  /** Takes pixels and clicks to the spool when the log needs longer; default 50 ms. */
  readonly patienceMs?: number | undefined
}

/** 43 bytes, 1 × 1, transparent: the smallest that every client shows. */
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

const statusOf: Readonly<Record<string, number>> = {
  STREAM_KEY_REFUSED: 401,
  STREAM_TOKEN_REFUSED: 404,
  STREAM_BODY_REFUSED: 400,
  STREAM_BODY_TOO_LARGE: 413,
  STREAM_BATCH_TOO_LARGE: 413,
  STREAM_RATE_LIMITED: 429,
}

/** The one server counts requests an address; here each key has a rate of its own. */
const ownRate = { config: { rateLimit: false } as FastifyContextConfig }

/**
 * The collector's routes: Segment's `POST /v1/track` and `/v1/batch`, the pixel `/i`, the signed redirect `/c/<token>`. An answer of
 * 2xx comes after the events are durable: in the log, or for pixels and clicks in the spool. Every refusal has a code.
 */
export function collector(options: CollectorOptions): FastifyPluginAsync {
  return async (app) => {
    const intake = new Intake(options)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) =>
      done(null, body),
    )
    app.setErrorHandler((error, request, reply) => refuse(error, request, reply))
    // Any page may send: no cookie is read or set, the key says who it is.
    app.addHook('onRequest', (_request, reply, done) => {
      void reply.header('access-control-allow-origin', '*')
      done()
    })
    for (const path of ['/v1/track', '/v1/batch']) {
      app.options(path, ownRate, (_request, reply) => preflight(reply))
      app.post(path, ownRate, (request, reply) => intake.post(request, reply))
    }
    visits(app, intake)
  }
}

function visits(app: FastifyInstance, intake: Intake): void {
  for (const path of ['/i', '/i.gif'])
    app.route({
      method: ['GET', 'HEAD'],
      url: path,
      ...ownRate,
      handler: (request, reply) => intake.pixel(request, reply),
    })
  app.get<{ Params: { token: string } }>('/c/:token', { ...ownRate, exposeHeadRoute: false }, (request, reply) =>
    intake.click(request, request.params.token, reply),
  )
}

interface Opened {
  readonly reader: EventReader
  readonly queue: CommitQueue
  readonly partitions: number
}

class Intake {
  readonly #options: CollectorOptions
  readonly #senders: Senders
  #opened: Promise<Opened> | undefined
  #ready: Opened | undefined

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#senders = new Senders(options.keys, options.clock, options.findKey)
  }

  async post(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { headers } = request
    const shown = basicUser(headers.authorization) ?? one(headers['x-write-key'])
    // Refused before anything is unpacked, where the key is beside the body.
    const known = shown === undefined ? undefined : (this.#senders.known(shown) ?? (await this.#senders.find(shown)))
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const coding = headers['content-encoding']
    const body = coding === undefined ? raw : await unpacked(raw, coding)
    const { reader, queue } = this.#ready ?? (await this.#open())
    const isLines = /\b(?:x-)?ndjson\b/.test(headers['content-type'] ?? '')
    const collected = isLines
      ? this.#lines(body, known ?? this.#senders.ofKey(undefined), request, reader)
      : await this.#json(body, known, request, reader)
    if (collected.accepted > 0) await queue.add(collected.parts)
    const { accepted, rejected, ignored } = collected
    return reply.send({ success: true, accepted, rejected, ignored })
  }

  #lines(body: Buffer, sender: Sender, request: FastifyRequest, reader: EventReader): Collected {
    const collected = reader.readLines(body, this.#stamp(sender, request))
    checkCount(collected.accepted + collected.rejected.length)
    sender.spend(collected.accepted)
    return collected
  }

  async #json(
    body: Buffer,
    known: Sender | undefined,
    request: FastifyRequest,
    reader: EventReader,
  ): Promise<Collected> {
    const json = jsonOf(body)
    if (!isObject(json)) throw new MillraceError('STREAM_BODY_REFUSED', { reason: 'not_an_object' })
    const sender = known ?? (await this.#senders.find(text(json['writeKey'])))
    const messages = Array.isArray(json['batch']) ? (json['batch'] as readonly unknown[]) : [json]
    checkCount(messages.length)
    sender.spend(messages.length)
    return reader.readObjects(messages, json['sentAt'], this.#stamp(sender, request))
  }

  /** `GET /i?k=<key>&campaign_id=…`: an impression, or what `event_type` says. */
  async pixel(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const query = request.query as Json
    const sender = await this.#senders.find(text(query['k']))
    const event: Record<string, unknown> = { event_type: 'impression' }
    for (const [name, value] of Object.entries(query))
      if (name !== 'k' && typeof value === 'string') event[name] = value
    await this.#visit(sender, request, event)
    return reply.header('cache-control', 'no-store').type('image/gif').send(pixel)
  }

  async click(request: FastifyRequest, token: string, reply: FastifyReply): Promise<FastifyReply> {
    const { click, sender: name } = readClickToken(token, this.#senders)
    const sender = this.#senders.ofName(name)
    if (sender)
      await this.#visit(sender, request, {
        event_type: 'click',
        campaign_id: click.campaignId,
        platform: click.platform,
        account_id: click.accountId,
        ad_id: click.adId,
        landing_url: click.url,
      })
    // Byte for byte as it was signed: Fastify's own redirect would encode it once more.
    return reply.code(302).header('cache-control', 'no-store').header('location', click.url).send()
  }

  /** A visit by a person's program: it happens now, and is flagged when it does not look like a person's. */
  async #visit(sender: Sender, request: FastifyRequest, fields: Json): Promise<void> {
    const { headers, method } = request
    sender.spend(1)
    const userAgent = headers['user-agent']
    const purpose = one(headers['sec-purpose']) ?? one(headers['purpose']) ?? one(headers['x-moz'])
    const reason = ivtReason({ method, userAgent, purpose })
    const stamp = this.#stamp(sender, request)
    const event = {
      ...fields,
      // A pixel that says its own id can be loaded again and still counts once.
      event_id: fields['event_id'] ?? randomUUID(),
      timestamp: stamp.receivedMs,
      ip: truncatedIp(request.ip),
      ua: userAgent === undefined ? undefined : agentFamily(userAgent),
      ivt: reason === undefined ? 'none' : 'givt',
      ivt_reason: reason,
      consent: consentOf(fields),
    }
    const taken = stamped(event, stamp)
    if ('code' in taken) throw new MillraceError('STREAM_BODY_REFUSED', { reason: taken.code })
    await this.#keep(taken)
  }

  /** In the log, or when that takes longer than a person waits, on this machine's disk. */
  async #keep({ campaignId, line }: { readonly campaignId: string; readonly line: string }): Promise<void> {
    const { spool, clock, patienceMs = 50 } = this.#options
    const append = async () => {
      const { queue, partitions } = await this.#open()
      const part = { lines: Buffer.from(`${line}\n`), count: 1, keys: [campaignId] }
      await queue.add(new Map([[partitionOf(campaignId, partitions), part]]))
    }
    if (!spool || spool.isFull) return append()
    const waited = new AbortController()
    const late = clock.sleep(patienceMs, waited.signal).then(() => 'late' as const)
    late.catch(() => undefined)
    const outcome = await Promise.race([
      append().then(
        () => 'kept' as const,
        () => 'failed' as const,
      ),
      late,
    ])
    waited.abort()
    if (outcome !== 'kept') await spool.add(line)
  }

  #stamp(sender: Sender, { headers }: FastifyRequest) {
    return {
      receivedMs: Math.floor(this.#options.clock.nowMs()),
      writeKeyId: sender.name,
      globalPrivacyControl: headers['sec-gpc'] === '1',
    }
  }

  /** Once the log is there; before, every request is told to come again. */
  #open() {
    this.#opened ??= (async () => {
      const log = this.#options.log()
      const partitions = await log.partitions()
      const queue = new CommitQueue(log, this.#options.queueBytesMax ?? 32_000_000)
      return (this.#ready = { partitions, queue, reader: new EventReader(partitions, log.keepsKeys === true) })
    })().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0]

/** `gdpr_consent` and `gpp` as VAST and the IAB's macros name them. */
function consentOf({ gdpr_consent: tcf, gpp, consent }: Json): unknown {
  if (typeof tcf !== 'string' && typeof gpp !== 'string') return isObject(consent) ? consent : undefined
  return { ...(typeof tcf === 'string' && { tcf }), ...(typeof gpp === 'string' && { gpp }) }
}

function preflight(reply: FastifyReply): FastifyReply {
  return reply
    .header('access-control-allow-methods', 'POST')
    .header('access-control-allow-headers', 'authorization, content-type, content-encoding, x-write-key')
    .header('access-control-max-age', '3600')
    .code(204)
    .send()
}

/** Of HTTP's framework, in our words; what may pass says when to come again. */
function known(error: unknown): MillraceError {
  if (isMillraceError(error)) return error
  const { statusCode, code } = error as { readonly statusCode?: number; readonly code?: string }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new MillraceError('STREAM_BODY_TOO_LARGE', { bytesMax: bodyBytesMax })
  if (statusCode !== undefined && statusCode < 500)
    return new MillraceError('STREAM_BODY_REFUSED', { reason: code ?? 'request' }, { cause: error })
  return new MillraceError(
    'STREAM_LOG_UNAVAILABLE',
    { place: 'collector', reason: error instanceof Error ? error.message : 'unexpected' },
    { cause: error },
  )
}

function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = known(error)
  const language: Language = /^\s*ko\b/i.test(request.headers['accept-language'] ?? '') ? 'ko' : 'en'
  const status = statusOf[problem.code] ?? 503
  if (status === 429 || status === 503)
    void reply.header('retry-after', Math.max(1, Math.ceil((problem.retryAfterMs ?? 1_000) / 1_000)))
  return reply.code(status).send({ success: false, ...problem.explain(language) })
}
