import { isIPv4, isIPv6 } from 'node:net'

/** The network of an address, never the machine: /24 of version 4, /48 of version 6. Undefined for what is no address. */
export function truncatedIp(text: string): string | undefined {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1] ?? text
  if (isIPv4(plain)) return plain.replace(/\.\d+$/, '.0')
  if (!isIPv6(plain)) return undefined
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  const groups = [...left, ...gap, ...right].slice(0, 3).map((group) => Number.parseInt(group, 16).toString(16))
  return `${groups.join(':')}::`
}

/** Programs that say so themselves; what hides is for lists and behaviour, not for a word in a name. */
const robot =
  /bot\b|bot\/|crawl|spider|slurp|headless|phantom|puppeteer|playwright|curl\/|wget\/|python-|java\/|okhttp|go-http-client|libwww|monitoring|preview/i

/** What a request says about being a person's. */
export interface Visit {
  readonly method: string
  readonly userAgent: string | undefined
  /** Sec-Purpose, Purpose and X-Moz, whichever is there. */
  readonly purpose: string | undefined
}

/** Why a visit is general invalid traffic (MRC): it is flagged and counted beside the rest, never dropped. Undefined: nothing says so. */
export function ivtReason({ method, userAgent, purpose }: Visit): string | undefined {
  if (purpose !== undefined && /prefetch|preview|prerender/i.test(purpose)) return 'prefetch'
  if (method === 'HEAD') return 'head'
  if (userAgent === undefined || userAgent === '') return 'no_user_agent'
  return robot.test(userAgent) ? 'robot_user_agent' : undefined
}

/** The family of a browser, which is all of its name that is kept. */
export function agentFamily(userAgent: string): string {
  const families = ['Edg', 'OPR', 'SamsungBrowser', 'Whale', 'Firefox', 'Chrome', 'Safari'] as const
  return families.find((family) => userAgent.includes(`${family}/`)) ?? (robot.test(userAgent) ? 'robot' : 'other')
}

/** Whether a person's consent forbids to know them. TCF's purpose 1 is bit 152 of the core string; `gpc` says no by itself. */
export function isAnonymous(consent: unknown, globalPrivacyControl: boolean): boolean {
  if (globalPrivacyControl) return true
  if (typeof consent !== 'object' || consent === null) return false
  const { tcf, gpc, purpose1 } = consent as Readonly<Record<string, unknown>>
  if (gpc === true || gpc === 1 || purpose1 === false) return true
  return typeof tcf === 'string' && tcf !== '' && !hasPurposeOne(tcf)
}

/** IAB TCF v2 core string: purpose consents begin at bit 152. */
function hasPurposeOne(tcf: string): boolean {
  const core = Buffer.from(tcf.split('.')[0] ?? '', 'base64url')
  return ((core[19] ?? 0) & 0x80) !== 0
}

export const personalFields = ['user_id', 'ip', 'ua', 'click_id'] as const
