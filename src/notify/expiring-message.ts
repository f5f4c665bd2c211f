import type { Language } from '../domain/errors.ts'
import type { Message } from './notifier.ts'
import type { Page } from './page.ts'
import { pageHtml, pageText } from './page.ts'

/** A kept credential that ends soon, or has ended. */
export interface ExpiringItem {
  readonly connection: string
  readonly name: string
  readonly endsOn: string
}

const words = {
  en: {
    title: (connection: string) => `Sign-in ends soon · ${connection}`,
    lead: 'The connection stops to load when its credential ends.',
    heading: 'Connection',
    ends: (day: string) => `ends on ${day}`,
    fix: (connection: string) => `millrace connectors rotate ${connection}, or auth where that does not help`,
    footer: 'Written by Millrace; replies are not read. See them with: millrace connectors list',
  },
  ko: {
    title: (connection: string) => `로그인 만료 예정 · ${connection}`,
    lead: '자격 증명이 만료되면 이 연결의 적재가 멈춥니다.',
    heading: '연결',
    ends: (day: string) => `${day} 만료`,
    fix: (connection: string) => `millrace connectors rotate ${connection}, 안 되면 auth`,
    footer: 'Millrace가 보낸 메일이며 회신은 확인하지 않습니다. 확인: millrace connectors list',
  },
} as const satisfies Record<Language, unknown>

/** Pure: the message about one credential. Its key is of what ends when, so that each end is told once a channel. */
export function expiringMessage({ connection, name, endsOn }: ExpiringItem, language: Language): Message {
  const say = words[language]
  const page: Page = {
    language,
    tone: 'warn',
    title: say.title(connection),
    lead: say.lead,
    sections: [
      {
        heading: say.heading,
        items: [{ head: `${connection} · ${name}`, lines: [say.ends(endsOn), say.fix(connection)] }],
      },
    ],
    footer: say.footer,
  }
  return {
    idempotencyKey: `expiring:${connection}.${name} ${endsOn}`,
    subject: page.title,
    text: pageText(page),
    html: pageHtml(page),
  }
}
