/**
 * The only file that knows every adapter. Each is imported when it is first opened, so that a person without S3 never loads
 * its client. A new adapter is one line here, one file, and one contract call beside it.
 */
export const adapters = {
  connector: {
    google_ads: () => import('./connectors/google-ads.ts'),
    meta_ads: () => import('./connectors/meta-ads.ts'),
    tiktok_ads: () => import('./connectors/tiktok-ads.ts'),
    linkedin_ads: () => import('./connectors/linkedin-ads.ts'),
    microsoft_ads: () => import('./connectors/microsoft-ads.ts'),
    naver_searchad: () => import('./connectors/naver-searchad.ts'),
    kakao_moment: () => import('./connectors/kakao-moment.ts'),
    file: () => import('./connectors/file.ts'),
    airbyte: () => import('./connectors/airbyte.ts'),
  },
  lake: {
    folder: () => import('./lake/folder.ts'),
    s3: () => import('./lake/s3.ts'),
  },
  warehouse: {
    embedded: () => import('./warehouse/embedded.ts'),
    postgres: () => import('./warehouse/postgres.ts'),
  },
  runner: {
    native: () => import('./transform/native.ts'),
    'dbt-core': () => import('./transform/dbt-core.ts'),
  },
  notifier: {
    file: () => import('./notify/file.ts'),
    console: () => import('./notify/console.ts'),
    smtp: () => import('./notify/smtp.ts'),
    slack: () => import('./notify/slack.ts'),
    webhook: () => import('./notify/webhook.ts'),
    pagerduty: () => import('./notify/pagerduty.ts'),
  },
  log: {
    postgres: () => import('./stream/postgres-log.ts'),
    kafka: () => import('./stream/kafka-log.ts'),
  },
  counters: {
    postgres: () => import('./stream/postgres-counters.ts'),
    redis: () => import('./stream/redis-counters.ts'),
  },
} as const

export type Port = keyof typeof adapters

export type AdapterName<Of extends Port> = keyof (typeof adapters)[Of]

/** An adapter as its file exports it. */
export type AdapterOf<
  Of extends Port,
  Name extends AdapterName<Of>,
> = (typeof adapters)[Of][Name] extends () => Promise<{
  readonly adapter: infer Adapter
}>
  ? Adapter
  : never

/** Names in the order in which they are offered. */
export function adapterNames<Of extends Port>(port: Of): readonly AdapterName<Of>[] {
  return Object.keys(adapters[port]) as AdapterName<Of>[]
}
