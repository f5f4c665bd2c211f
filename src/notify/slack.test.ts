import { expect, test } from 'vitest'
import { benchOf, local, routingKey } from './http-channel.fixture.ts'
import { notifierContract, sample } from './notifier.contract.ts'
import { adapter as slack, slackBody } from './slack.ts'

interface SlackBody {
  readonly text: string
  readonly blocks: readonly {
    readonly text?: { readonly text: string }
    readonly elements?: readonly { readonly text: string }[]
  }[]
}

const openSlack = () =>
  benchOf(
    (url) => slack.open(slack.options.parse({ url: `${url}/services/T000/B000/${routingKey}`, ...local })),
    (body) => {
      const { blocks } = body as SlackBody
      const texts = blocks.flatMap(({ text }) => (text ? [text.text] : []))
      const plain = texts.slice(1).map((one) => one.replaceAll('```', ''))
      const unescaped = plain.join('\n').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
      return {
        subject: texts[0] ?? '',
        text: unescaped,
        html: null,
        idempotencyKey: blocks.at(-1)?.elements?.[0]?.text ?? null,
      }
    },
  )

notifierContract('slack', { open: openSlack, secrets: [routingKey], waivers: { html: 'Slack shows no HTML' } })

test.for([
  ['long', 'x'.repeat(60_000)],
  ['Hangul', '비용 '.repeat(9_000)],
  ['markup', '<!channel> & "quoted"\n'.repeat(2_000)],
  ['one line', '\\"'.repeat(20_000)],
])('Slack: %s text stays under 12,000 characters of JSON and 3,000 a block', ([, text = '']) => {
  const body = slackBody({ ...sample, text, subject: '<!everyone> '.repeat(60) })
  expect(body.length).toBeLessThanOrEqual(12_000)
  const { blocks, text: fallback } = JSON.parse(body) as SlackBody
  expect(fallback).not.toContain('<!')
  expect(blocks.length).toBeLessThanOrEqual(50)
  expect(Math.max(...blocks.map((one) => one.text?.text.length ?? 0))).toBeLessThanOrEqual(3_000)
  expect(
    blocks
      .slice(1)
      .map((one) => one.text?.text ?? '')
      .join(''),
  ).not.toMatch(/<!|&[a-z]+…/)
})
