import { isoInstant } from '../domain/clock.ts'
import type { Language } from '../domain/errors.ts'
import type { Message } from './notifier.ts'
import type { Page } from './page.ts'
import { pageHtml, pageText } from './page.ts'

const words = {
  en: {
    title: 'Millrace: test message',
    lead: (channel: string) =>
      `This is how messages of channel ${channel} arrive. Nothing is wrong and nothing is to be done.`,
    footer: 'Sent by millrace alerts test.',
  },
  ko: {
    title: 'Millrace: 시험 메시지',
    lead: (channel: string) => `${channel} 채널의 메시지가 이렇게 도착합니다. 문제가 없으며 할 일도 없습니다.`,
    footer: 'millrace alerts test로 보냈습니다.',
  },
} as const

/** What `millrace alerts test` sends; another one each time. */
export function testMessage(channel: string, language: Language, nowMs: number): Message {
  const say = words[language]
  const page: Page = {
    language,
    tone: 'good',
    title: say.title,
    lead: say.lead(channel),
    sections: [],
    footer: say.footer,
  }
  return {
    idempotencyKey: `test:${channel}:${isoInstant(nowMs)}`,
    subject: say.title,
    text: pageText(page),
    html: pageHtml(page),
  }
}
