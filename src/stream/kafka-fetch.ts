import type { Consumer, ConnectionOptions, Reader } from '@platformatic/kafka'
import { Connection, fetchV13 } from '@platformatic/kafka'
import type { Offset } from './log.ts'

export interface FetchRequest {
  readonly partition: number
  readonly from: Offset
  readonly waitMs: number
  /** As they lie in the log, packed. */
  readonly bytesMax: number
}

export interface Fetched {
  /** Kafka's; 0 when all is well. */
  readonly errorCode: number
  /** Record batches as they lie in the log; the last one may be cut. */
  readonly records: Buffer
}

const fetchKey = 1
/** Topics by id, so that one deleted and made again is not taken for the old one; brokers know it since Kafka 3.1. */
const fetchVersion = 13
/** Outside any fetch session (KIP-227): each fetch stands alone. */
const noSession = { id: 0, epoch: -1 }
const readUncommitted = 0

/** Of a response about one partition, the bytes of its record batches as they came (Kafka's protocol, FetchResponse version 13). */
function parsed(_correlationId: number, _apiKey: number, _apiVersion: number, reader: Reader): Fetched {
  reader.readInt32()
  let errorCode = reader.readInt16()
  reader.readInt32()
  let records: Buffer = Buffer.alloc(0)
  reader.readArray((topic) => {
    topic.readUUID()
    return topic.readArray(
      (part) => {
        part.readInt32()
        errorCode ||= part.readInt16()
        part.skip(24)
        part.readNullableArray((aborted) => aborted.skip(16))
        part.readInt32()
        const size = part.readUnsignedVarInt() - 1
        if (size > 0) {
          records = part.buffer.slice(part.position, part.position + size)
          part.skip(size)
        }
        part.readTaggedFields()
      },
      true,
      false,
    )
  })
  reader.readTaggedFields()
  return { errorCode, records }
}

/** Fetches without a group, one connection a partition: a broker answers a connection's requests in turn, so a wait for one partition would hold up the others. */
export class KafkaFetch {
  readonly #consumer: Consumer
  readonly #topic: string
  readonly #clientId: string
  readonly #options: ConnectionOptions
  readonly #connections = new Map<number, Promise<Connection>>()

  constructor(consumer: Consumer, topic: string, clientId: string, options: ConnectionOptions) {
    this.#consumer = consumer
    this.#topic = topic
    this.#clientId = clientId
    this.#options = options
  }

  async fetch({ partition, from, waitMs, bytesMax }: FetchRequest): Promise<Fetched> {
    const connection = await this.#connected(partition)
    const { id } = await this.#metadata(false)
    return new Promise((resolve, reject) => {
      const at = {
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: BigInt(from),
        lastFetchedEpoch: -1,
        partitionMaxBytes: bytesMax,
      }
      connection.send<Fetched>(
        fetchKey,
        fetchVersion,
        () =>
          fetchV13.createRequest(
            waitMs,
            1,
            bytesMax,
            readUncommitted,
            noSession.id,
            noSession.epoch,
            [{ topicId: id, partitions: [at] }],
            [],
            '',
          ),
        parsed,
        true,
        true,
        (error, fetched) => (error || !fetched ? reject(error ?? new Error('no answer')) : resolve(fetched)),
      )
    })
  }

  /** After a failure: the leader may be another, the connection dead. */
  async forget(partition: number): Promise<void> {
    const connection = this.#connections.get(partition)
    this.#connections.delete(partition)
    await connection?.then((one) => one.close()).catch(() => undefined)
    await this.#metadata(true)
  }

  async close(): Promise<void> {
    const all = [...this.#connections.values()]
    this.#connections.clear()
    await Promise.all(all.map((one) => one.then((connection) => connection.close()).catch(() => undefined)))
  }

  #connected(partition: number): Promise<Connection> {
    const known = this.#connections.get(partition)
    if (known) return known
    const connecting = this.#connect(partition)
    this.#connections.set(partition, connecting)
    return connecting
  }

  async #connect(partition: number): Promise<Connection> {
    const { leader } = await this.#metadata(false).then(({ partitions }) => partitions[partition] ?? { leader: -1 })
    const { brokers } = await this.#consumer.metadata({ topics: [this.#topic] })
    const broker = brokers.get(leader)
    if (!broker) throw new Error(`no leader for partition ${partition}`)
    const connection = new Connection(this.#clientId, this.#options)
    // A broken connection tells its requests; without a listener it would also end the process.
    connection.on('error', () => undefined)
    await connection.connect(broker.host, broker.port)
    return connection
  }

  async #metadata(forceUpdate: boolean) {
    const { topics } = await this.#consumer.metadata({ topics: [this.#topic], forceUpdate })
    const topic = topics.get(this.#topic)
    if (!topic) throw new Error(`the topic ${this.#topic} is gone`)
    return topic
  }
}

/** Undefined when the signal comes first; what still arrives is dropped. */
export async function unlessAborted<Value>(
  pending: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value | undefined> {
  if (!signal) return pending
  pending.catch(() => undefined)
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const stop = (): void => resolve(undefined)
  signal.addEventListener('abort', stop, { once: true })
  return Promise.race([pending, promise]).finally(() => signal.removeEventListener('abort', stop))
}
