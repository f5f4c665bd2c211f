import type { Language } from '../domain/errors.ts'
import { durabilityOf, tailRisk } from '../stream/durability.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { DoctorLine } from './doctor-line.ts'
import { linesOf } from './doctor-line.ts'

const what = { en: 'Events once acknowledged', ko: '수신 확인한 이벤트' }

const fixes = {
  standby: {
    en: 'Make a standby synchronous (synchronous_standby_names) and promote that one, or keep the log in Kafka: stream: { log: "kafka" }.',
    ko: '대기 서버 하나를 동기식으로 두고(synchronous_standby_names) 그 서버를 승격하거나, 로그를 Kafka에 두세요: stream: { log: "kafka" }.',
  },
  commits: {
    en: 'Set synchronous_commit to on for the role that Millrace uses.',
    ko: 'Millrace가 쓰는 역할의 synchronous_commit을 on으로 두세요.',
  },
} as const

/** Whether acknowledged events outlive a crash or a failover of the Postgres that holds the log; no line where the log is elsewhere. */
export async function durableLines(
  warehouse: Warehouse,
  log: string,
  language: Language,
): Promise<readonly DoctorLine[]> {
  if (log !== 'postgres') return []
  const { ok, warn } = linesOf('services', language)
  const found = await durabilityOf(warehouse)
  const risk = tailRisk(found)
  if (risk === 'commits') {
    const detail = { en: 'synchronous_commit is off', ko: 'synchronous_commit이 off입니다' }[language]
    return [warn(what, detail, fixes.commits)]
  }
  if (risk === 'standby') {
    const names = found.lagging.join(', ')
    const detail = {
      en: `${names} follows without holding commits back: promoted, it may lack the newest events for good`,
      ko: `${names}: 커밋을 기다리게 하지 않고 따라옵니다. 승격하면 최신 이벤트를 영영 잃을 수 있습니다`,
    }[language]
    return [warn(what, detail, fixes.standby)]
  }
  const kept = found.hasSynchronous
    ? { en: 'a synchronous standby has them', ko: '동기식 대기 서버에도 있습니다' }
    : { en: 'on this server’s disk; no standby', ko: '이 서버의 디스크에 있습니다. 대기 서버 없음' }
  return [ok(what, kept[language])]
}
