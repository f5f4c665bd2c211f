import { day } from '../domain/day.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'

export const command: CommandSpec = {
  name: 'brief',
  arguments: [],
  options: [
    { flags: '--date <day>', text: { en: 'Of this day; yesterday when left out', ko: '이 날짜. 생략하면 어제' } },
    { flags: '--print', text: { en: 'To stdout, which is the default', ko: 'stdout으로 출력(기본)' } },
    { flags: '--html', text: { en: 'Print the mail’s HTML instead', ko: '메일의 HTML을 출력' } },
    { flags: '--send', text: { en: 'Send it, once a day and channel', ko: '보내기. 날짜·채널마다 한 번' } },
  ],
  description: {
    en: 'The morning brief: is the day in, is it right, how are we doing, what must I do. It is the Overview of the dashboard as text, from the same queries. `millrace up` sends it at `brief.at` of the configuration; --send does it now, and a day that was sent is not sent again.',
    ko: '아침 브리핑: 들어왔나, 맞나, 성과는, 무엇을 해야 하나. 대시보드 개요와 같은 쿼리로 만든 텍스트입니다. `millrace up`이 설정의 `brief.at`에 보내며, --send는 지금 보냅니다. 이미 보낸 날짜는 다시 보내지 않습니다.',
  },
  examples: [
    { line: 'millrace brief', text: { en: 'yesterday, here', ko: '어제를 여기서' } },
    { line: 'millrace brief --date 2026-11-21 --send', text: { en: 'by mail', ko: '메일로' } },
  ],
  run: brief,
}

async function brief(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const { openChannels, openWarehouse } = await import('../config.ts')
  const { briefDay, sendBrief } = await import('./brief-send.ts')
  await using opening = new AsyncDisposableStack()
  const warehouse = opening.use(await openWarehouse(settings, context))
  const date = typeof given['date'] === 'string' ? day(given['date']) : briefDay(context.clock, settings.brief)
  const { output, language, signal } = invocation
  if (given['send'] === true) {
    const channels = await openChannels(settings, opening)
    const ports = { ...context, warehouse, channels }
    const { delivery } = await sendBrief(ports, settings.brief, date, signal)
    if (output.json || !output.isTerminal) output.record({ date, ...delivery })
    else output.say(words[language].sent(date, delivery.delivered, delivery.waiting))
    return delivery.dead > 0 ? exitCodes.dependency : exitCodes.ok
  }
  const { readBrief } = await import('../server/brief.ts')
  const { briefMessage } = await import('../notify/brief-message.ts')
  const { timeZone } = await import('../domain/day.ts')
  const report = await readBrief(warehouse, context.clock, { date, zone: timeZone(settings.brief.zone) })
  if (output.json) output.record(report)
  else {
    const { text, html } = briefMessage(report, language)
    output.data(given['html'] === true ? html : text)
  }
  return exitCodes.ok
}

const words = {
  en: {
    sent: (date: string, delivered: number, waiting: number) =>
      `Brief of ${date}: ${delivered} messages delivered, ${waiting} waiting`,
  },
  ko: {
    sent: (date: string, delivered: number, waiting: number) =>
      `${date} 브리핑: 메시지 ${delivered}건 보냄, ${waiting}건 대기`,
  },
} as const
