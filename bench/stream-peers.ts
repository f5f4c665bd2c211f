import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from './measure.ts'

/** Events a CPU second of others' programs on the same topic; null where they are not installed. */
export interface PeerRates {
  readonly kafkaStreams: number | null
  readonly plainJava: number | null
}

const program = join(import.meta.dirname, 'rivals', 'StreamPeer.java')
/** By then the compiler of Java has seen what it has to. */
const warmShare = 0.4

async function rateOf(jars: string, kind: 'streams' | 'plain', topic: string, events: number): Promise<number> {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-peer-'))
  try {
    const brokers = process.env['MILLRACE_TEST_KAFKA_BROKERS'] ?? ''
    const given = [kind, brokers, topic, String(events), String(Math.floor(events * warmShare)), stateDir]
    const java = ['-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', join(jars, '*'), program, ...given]
    const ended = await runProgram('java', java)
    if (ended.code !== 0) throw new Error(`${kind} ended with ${ended.code}: ${ended.stderr.slice(-800)}`)
    const took = JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '') as {
      readonly events: number
      readonly cpuSeconds: number
    }
    return took.events / took.cpuSeconds
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
}

/** `scripts/services.sh install peers` brings them; the topic has one record an event in one partition. */
export async function peerRates(topic: string, events: number, say: (line: string) => void): Promise<PeerRates> {
  const jars = process.env['MILLRACE_BENCH_PEERS']
  if (!jars || (await readdir(jars)).length === 0) {
    say('Kafka Streams and the plain Java consumer: absent; install them with: scripts/services.sh install peers')
    return { kafkaStreams: null, plainJava: null }
  }
  say('the plain Java consumer and Kafka Streams on the same topic …')
  return {
    plainJava: await rateOf(jars, 'plain', topic, events),
    kafkaStreams: await rateOf(jars, 'streams', topic, events),
  }
}
