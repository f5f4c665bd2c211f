import { expect, test } from 'vitest'
import { benchOf, incident, local, routingKey, told } from './http-channel.fixture.ts'
import { notifierContract, sample } from './notifier.contract.ts'
import { adapter as pagerduty } from './pagerduty.ts'

const live = () => new AbortController().signal

const openPagerDuty = () =>
  benchOf(
    (url) => pagerduty.open(pagerduty.options.parse({ url, routingKey, ...local })),
    (body) => {
      const { payload } = body as {
        payload: { summary: string; custom_details: { text: string; idempotency_key: string } }
      }
      return {
        subject: payload.summary,
        text: payload.custom_details.text,
        html: null,
        idempotencyKey: payload.custom_details.idempotency_key,
      }
    },
  )

notifierContract('pagerduty', {
  open: openPagerDuty,
  secrets: [routingKey],
  waivers: { html: 'PagerDuty shows no HTML' },
})

test('an incident pages once under its own name and closes itself; other messages are changes and page nobody', async () => {
  await using bench = await openPagerDuty()
  await bench.notifier.send(told, live())
  await bench.notifier.send({ ...told, incident: { ...incident, action: 'resolve' } }, live())
  await bench.notifier.send(sample, live())
  const bodies = bench.sink.posted.map(({ path, body }) => ({ path, ...(JSON.parse(body) as object) }))
  const key = { dedup_key: incident.incidentId, routing_key: routingKey }
  expect(bodies).toMatchObject([
    { path: '/v2/enqueue', event_action: 'trigger', payload: { severity: 'warning', source: 'google_ads 1' }, ...key },
    { path: '/v2/enqueue', event_action: 'resolve', ...key },
    { path: '/v2/change/enqueue' },
  ])
})
