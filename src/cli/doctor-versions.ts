import type { ConnectorSpec } from '../connectors/connector.ts'
import { platformVersions, versionStanding } from '../connectors/platform-versions.ts'
import type { Day } from '../domain/day.ts'
import type { Language } from '../domain/errors.ts'
import type { DoctorLine } from './doctor-line.ts'
import { linesOf } from './doctor-line.ts'
import type { Said } from './language.ts'

/**
 * How long the platform still serves the version that a connection asks for: a warning from ninety days before its end. No line for a
 * connection without versions, such as files, or with one that no table knows.
 */
export function versionLines(
  name: string,
  { platform, apiVersion }: Pick<ConnectorSpec, 'platform' | 'apiVersion'>,
  today: Day,
  language: Language,
): readonly DoctorLine[] {
  const { ok, warn } = linesOf('credentials', language)
  const versions = platform === 'file' ? undefined : platformVersions[platform]
  if (!versions) return []
  const what: Said = { en: `${name}: version ${apiVersion}`, ko: `${name}: 버전 ${apiVersion}` }
  const standing = versionStanding(versions, apiVersion, today)
  switch (standing.kind) {
    case 'unknown':
      return []
    case 'served':
      return [ok(what, { en: 'served', ko: '제공 중' }[language])]
    case 'ending': {
      const { sunset, daysLeft, next } = standing
      const detail = { en: `served until ${sunset}: ${daysLeft} days`, ko: `${sunset}까지 제공: ${daysLeft}일 남음` }[
        language
      ]
      return [warn(what, detail, adviceOf(next))]
    }
    case 'ended':
      break
  }
  const detail = { en: `not served since ${standing.sunset}`, ko: `${standing.sunset}부터 제공되지 않음` }[language]
  return [warn(what, detail, adviceOf(standing.next))]
}

function adviceOf(next: string | null): Said {
  if (next === null) return { en: 'Update Millrace.', ko: 'Millrace를 업데이트하세요.' }
  return {
    en: `Set apiVersion of this connection to ${next}; until then Millrace goes to it by itself once the platform refuses.`,
    ko: `이 연결의 apiVersion을 ${next}(으)로 바꾸세요. 그 전에는 플랫폼이 거부하면 Millrace가 스스로 넘어갑니다.`,
  }
}
