import { setTimeout as delay } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import type { BaseOptions } from '@platformatic/kafka'
import { MillraceError } from '../domain/errors.ts'

const defaultPartitions = 12
/** A topic is known to a broker some time after it was made. */
const spreadMs = 10_000

/** Stamped by the broker, so that windows of time do not hang on producers' clocks. As many copies as the broker makes by itself. */
const newTopic = { replicas: -1, configs: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }] }

type KafkaDoor = BaseOptions & { readonly bootstrapBrokers: readonly string[] }

/** Number of partitions; makes the topic when it is not there. Throws STREAM_PARTITIONS_DIFFER and STREAM_LOG_UNAVAILABLE. */
export async function openKafkaTopic(options: KafkaDoor, topic: string, wanted: number | undefined): Promise<number> {
  const admin = new Admin({ ...options, retries: 3 })
  try {
    const found = (await partitionsOf(admin, topic)) ?? (await made(admin, topic, wanted ?? defaultPartitions))
    if (wanted !== undefined && found !== wanted)
      throw new MillraceError('STREAM_PARTITIONS_DIFFER', { topic, found, wanted })
    return found
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    const place = `Kafka ${options.bootstrapBrokers.join(', ')}`
    throw new MillraceError('STREAM_LOG_UNAVAILABLE', { place, reason }, { cause })
  } finally {
    await admin.close().catch(() => undefined)
  }
}

async function made(admin: Admin, topic: string, partitions: number): Promise<number> {
  // Somebody else may be making it at this moment; what counts is that it is there.
  const failed = await admin.createTopics({ topics: [topic], partitions, ...newTopic }).then(
    () => undefined,
    (error: unknown) => error,
  )
  for (const startedMs = performance.now(); performance.now() - startedMs < spreadMs; await delay(100)) {
    const found = await partitionsOf(admin, topic)
    if (found !== undefined) return found
    if (failed !== undefined) throw failed
  }
  throw new Error(`the topic ${topic} was made, but no broker knows it`)
}

async function partitionsOf(admin: Admin, topic: string): Promise<number | undefined> {
  try {
    const { topics } = await admin.metadata({
      topics: [topic],
      forceUpdate: true,
      autocreateTopics: false,
      retries: 0,
    })
    const found = topics.get(topic)
    const hasLeaders = found?.partitions.every(({ leader }) => leader >= 0) ?? false
    return found && found.partitionsCount > 0 && hasLeaders ? found.partitionsCount : undefined
  } catch (error) {
    if (isUnknown(error)) return undefined
    throw error
  }
}

/** The broker's word, or the client's when the answer leaves the topic out. */
function isUnknown(error: unknown): boolean {
  const { message, findBy } = error as { readonly message: string; findBy?: (key: string, value: string) => unknown }
  return message.startsWith('Unknown topic') || Boolean(findBy?.call(error, 'apiId', 'UNKNOWN_TOPIC_OR_PARTITION'))
}
