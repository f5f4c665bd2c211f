import { isoInstant } from '../domain/clock.ts'
import { day } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import { explain, isMillraceError, MillraceError } from '../domain/errors.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { SqlRow } from '../warehouse/warehouse.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { nameOf } from './incidents.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const actions = ['list', 'test', 'silence', 'send'] as const

export const command: CommandSpec = {
  name: 'alerts',
  arguments: [{ name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: actions }],
  options: [
    { flags: '--channel <name>', text: { en: 'test: this channel alone', ko: 'test: 이 채널만' } },
    { flags: '--day <day>', text: { en: 'send: up to this day; the newest', ko: 'send: 이 날짜까지. 생략하면 최신' } },
    { flags: '--limit <n>', text: { en: 'list: how many; 50 when left out', ko: 'list: 개수. 생략하면 50' } },
    { flags: '--platform <name>', text: { en: 'silence: of this platform', ko: 'silence: 이 플랫폼' } },
    { flags: '--account <id>', text: { en: 'silence: of this account', ko: 'silence: 이 계정' } },
    { flags: '--check <id>', text: { en: 'silence: of this check', ko: 'silence: 이 검사' } },
    { flags: '--for <time>', text: { en: 'silence: 30m, 24h, 7d', ko: 'silence: 30m, 24h, 7d' } },
    { flags: '--reason <text>', text: { en: 'silence: why', ko: 'silence: 이유' } },
    { flags: '--end <id>', text: { en: 'silence: end this one', ko: 'silence: 이 무음을 끝냄' } },
    { flags: '--by <name>', text: { en: 'silence: who does it', ko: 'silence: 누가 하는지' } },
  ],
  description: {
    en: 'Messages. list: what waits, was given up, and was delivered last; silences too. test: a message to every channel at once, past the outbox. silence: nobody is told of what matches, for a time and a reason; incidents are kept. send: looks at checks, loads and series up to a day, makes incidents of what is wrong, and delivers what is due.',
    ko: '알림. list: 기다리는 것, 포기한 것, 최근 보낸 것과 무음 목록. test: 발신함을 거치지 않고 모든 채널에 바로 시험 메시지. silence: 정한 시간 동안 이유와 함께 알리지 않음(인시던트는 남음). send: 검사·적재·시계열을 보고 인시던트를 만든 뒤 보낼 것을 보냄.',
  },
  examples: [
    { line: 'millrace alerts test --channel mail', text: { en: 'does it arrive?', ko: '도착하는지 확인' } },
    { line: 'millrace alerts send', text: { en: 'look, and tell what is new', ko: '확인하고 새 소식 알리기' } },
    {
      line: 'millrace alerts silence --platform meta_ads --for 24h --reason "planned pause"',
      text: { en: 'a day of quiet', ko: '하루 동안 무음' },
    },
  ],
  async run(invocation, [action], given) {
    if (action === 'list') return list(invocation, given)
    if (action === 'test') return test(invocation, given)
    return action === 'silence' ? silence(invocation, given) : send(invocation, given)
  },
}

async function list(invocation: Invocation, given: Given): Promise<number> {
  const { output, clock } = invocation
  const limit = given['limit'] === undefined ? 50 : Number(given['limit'])
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new MillraceError('CLI_USAGE', { command: 'alerts', detail: '--limit wants 1 to 1000' })
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(await projectSettings(invocation), openContext(invocation))
  const rows = await warehouse.query<SqlRow>(
    `select 'message' as kind, outbox_id::text as id, case when dead_at is not null then 'dead' when delivered_at is not null then 'delivered'
       else 'waiting' end as state, channel, subject as text, attempts, coalesce(delivered_at, dead_at, next_attempt_at) as at, last_error as error
     from outbox order by delivered_at is not null, dead_at is null, created_at desc limit $1`,
    [limit],
  )
  const silences = await warehouse.query<SqlRow>(
    `select 'silence' as kind, silence_id::text as id, 'silent' as state, null as channel,
       concat_ws(' ', coalesce(platform, '*'), account_id, check_id, '(' || silenced_by || ': ' || reason || ')') as text, null as attempts,
       until as at, null as error
     from silence where until > $1 and ended_at is null order by until`,
    [isoInstant(clock.nowMs())],
  )
  printRows(
    output,
    formatOf(undefined, output),
    ['kind', 'id', 'state', 'channel', 'at', 'attempts', 'text', 'error'],
    [...silences, ...rows],
  )
  return exitCodes.ok
}

async function test(invocation: Invocation, given: Given): Promise<number> {
  const { output, language, clock, signal } = invocation
  const { openChannels } = await import('../config.ts')
  const { testMessage } = await import('../notify/test-message.ts')
  const settings = await projectSettings(invocation)
  await using opening = new AsyncDisposableStack()
  const channels = await openChannels(settings, opening)
  const wanted = channels.filter(({ name }) => given['channel'] === undefined || name === given['channel'])
  if (wanted.length === 0)
    throw new MillraceError('NOTIFY_CHANNEL_UNKNOWN', {
      channel: String(given['channel'] ?? '–'),
      known: channels.map(({ name }) => name).join(', ') || '–',
    })
  let worst: number = exitCodes.ok
  for (const { name, notifier, language: spoken } of wanted) {
    try {
      await notifier.send(testMessage(name, spoken, clock.nowMs()), signal)
      report(output, { channel: name, place: notifier.place, state: 'delivered', error: null })
    } catch (error) {
      if (!isMillraceError(error)) throw error
      report(output, {
        channel: name,
        place: notifier.place,
        state: 'failed',
        error: explain(error.code, error.facts, language).what,
      })
      worst = exitCodes.dependency
    }
  }
  return worst
}

function report(output: Invocation['output'], row: Readonly<Record<string, string | null>>): void {
  if (output.json || !output.isTerminal) output.record(row)
  else output.say(Object.values(row).filter(Boolean).join('  '))
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const silenceMsMax = 90 * units.d

async function silence(invocation: Invocation, given: Given): Promise<number> {
  const { output, clock, language } = invocation
  const { openWarehouse } = await import('../config.ts')
  if (given['end'] !== undefined) {
    await using warehouse = await openWarehouse(await projectSettings(invocation), openContext(invocation))
    const rows = await warehouse.query(
      'update silence set ended_at = $2 where silence_id::text = $1 and ended_at is null returning silence_id',
      [String(given['end']), isoInstant(clock.nowMs())],
    )
    if (rows.length === 0)
      throw new MillraceError('CLI_USAGE', {
        command: 'alerts',
        detail: `no silence ${String(given['end'])} is in force`,
      })
    output.say(words[language].ended(String(given['end'])))
    return exitCodes.ok
  }
  const wanted = silenceOf(given, clock.nowMs())
  const { addSilence } = await import('../quality/incident-store.ts')
  await using warehouse = await openWarehouse(await projectSettings(invocation), openContext(invocation))
  const id = await warehouse.transaction((session) => addSilence(session, wanted, clock.nowMs()))
  if (output.json) output.record({ id, ...wanted })
  else output.say(words[language].silent(id, isoInstant(wanted.untilMs)))
  return exitCodes.ok
}

function silenceOf(given: Given, nowMs: number) {
  const textOf = (name: string) => (typeof given[name] === 'string' && given[name] !== '' ? given[name] : null)
  const [, amount = '0', unit = 'h'] = /^(\d+)([mhd])$/.exec(textOf('for') ?? '') ?? []
  const forMs = Number(amount) * units[unit as keyof typeof units]
  const reason = textOf('reason')
  if (forMs <= 0 || forMs > silenceMsMax)
    throw new MillraceError('CLI_USAGE', { command: 'alerts', detail: '--for wants 30m, 24h or 7d, at most 90d' })
  if (reason === null) throw new MillraceError('CLI_USAGE', { command: 'alerts', detail: 'silence needs --reason' })
  return {
    platform: textOf('platform'),
    accountId: textOf('account'),
    checkId: textOf('check'),
    reason,
    by: nameOf(given),
    untilMs: nowMs + forMs,
  }
}

async function send(invocation: Invocation, given: Given): Promise<number> {
  const { output, language, signal } = invocation
  const { openPorts } = await import('../config.ts')
  const { lookForIncidents } = await import('../orchestrate/incident-watch.ts')
  const { newestDay } = await import('../orchestrate/watch-incidents.ts')
  const { deliverDue } = await import('../notify/outbox.ts')
  await using ports = await openPorts(await projectSettings(invocation), openContext(invocation))
  const until: Day = given['day'] === undefined ? newestDay(ports.clock.nowMs()) : day(String(given['day']))
  const watched = await lookForIncidents(ports, until)
  const delivery = await deliverDue(ports, signal)
  if (output.json || !output.isTerminal) output.record({ ...watched, ...delivery })
  output.say(words[language].sent(watched, delivery))
  return exitCodes.ok
}

type Counts = Readonly<Record<'judgedSeries' | 'opened' | 'resolved' | 'told', number>>
type Sent = Readonly<Record<'delivered' | 'waiting' | 'dead', number>>

const words = {
  en: {
    ended: (id: string) => `Silence ${id} has ended.`,
    silent: (id: string, until: string) => `Silence ${id} until ${until}`,
    sent: (seen: Counts, sent: Sent) =>
      `${seen.judgedSeries} series judged; ${seen.opened} incidents opened, ${seen.resolved} resolved, ${seen.told} told; ${sent.delivered} messages delivered, ${sent.waiting} waiting, ${sent.dead} given up`,
  },
  ko: {
    ended: (id: string) => `무음 ${id}을(를) 끝냈습니다.`,
    silent: (id: string, until: string) => `무음 ${id}, ${until}까지`,
    sent: (seen: Counts, sent: Sent) =>
      `시계열 ${seen.judgedSeries}개 판정, 인시던트 ${seen.opened}건 열림, ${seen.resolved}건 해결, ${seen.told}건 알림. 메시지 ${sent.delivered}건 보냄, ${sent.waiting}건 대기, ${sent.dead}건 포기`,
  },
} as const
