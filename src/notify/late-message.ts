import type { Language } from '../domain/errors.ts'
import type { Message } from './notifier.ts'
import type { Page } from './page.ts'
import { pageHtml, pageText } from './page.ts'

/** An account's day that is not there by its deadline; `*` is the pipeline's own day. */
export interface LateItem {
  readonly pipeline: string
  readonly account: string
  readonly day: string
  readonly deadline: Date
}

const itemsMax = 20

const words = {
  en: {
    late: {
      title: 'Late',
      lead: 'These days are not in by their deadline. They were expected whether or not a run was made.',
    },
    recovered: { title: 'Recovered', lead: 'These days were late and are in now.' },
    heading: 'Days',
    deadline: 'deadline',
    more: (count: number) => `and ${count} more`,
    footer: 'Written by Millrace; replies are not read. See them with: millrace runs list, millrace status',
  },
  ko: {
    late: {
      title: '지연',
      lead: '아래 날짜가 기한까지 들어오지 않았습니다. 실행이 만들어졌는지와 관계없이 예정된 날입니다.',
    },
    recovered: { title: '복구', lead: '늦었던 아래 날짜가 이제 들어왔습니다.' },
    heading: '날짜',
    deadline: '기한',
    more: (count: number) => `외 ${count}건`,
    footer: 'Millrace가 보낸 메일이며 회신은 확인하지 않습니다. 확인: millrace runs list, millrace status',
  },
} as const

/** Pure: one message of any number of late days. Its key is of what it names, so that enqueuing it again is the same message. */
export function lateMessage(kind: 'late' | 'recovered', items: readonly LateItem[], language: Language): Message {
  const say = words[language]
  const shown = items.slice(0, itemsMax).map(({ account, day, deadline, pipeline }) => ({
    head: `${account === '*' ? pipeline : account} · ${day}`,
    lines: [`${say.deadline} ${deadline.toISOString()}`],
  }))
  const rest = items.length - shown.length
  const page: Page = {
    language,
    tone: kind === 'late' ? 'bad' : 'good',
    title: `${say[kind].title} · ${items.length}`,
    lead: say[kind].lead,
    sections: [{ heading: say.heading, items: rest > 0 ? [...shown, { head: say.more(rest), lines: [] }] : shown }],
    footer: say.footer,
  }
  const key = items.map((one) => `${one.pipeline} ${one.account} ${one.day}`).join(',')
  return {
    idempotencyKey: `${kind}:${key.slice(0, 400)}`,
    subject: page.title,
    text: pageText(page),
    html: pageHtml(page),
  }
}
