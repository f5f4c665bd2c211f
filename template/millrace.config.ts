import { defineConfig } from 'millrace'

// Every value here can also come from the environment, for example MILLRACE__LAKE__ADAPTER=s3.
// See where each one comes from with: millrace config print --sources
export default defineConfig({
  name: 'my-ads',

  // Fake ad platforms over one seeded world, so that everything runs before there is an account.
  // To go live, delete this line and fill the variables below into .env.
  sandbox: { seed: 1 },

  connections: {
    google: {
      connector: 'google_ads',
      clientId: 'env:GOOGLE_ADS_CLIENT_ID',
      clientSecret: 'env:GOOGLE_ADS_CLIENT_SECRET',
      refreshToken: 'env:GOOGLE_ADS_REFRESH_TOKEN',
    },
    meta: {
      connector: 'meta_ads',
      accessToken: 'env:META_ACCESS_TOKEN',
    },
  },

  // Raw rows as Parquet. On S3: { adapter: 's3', bucket: '…', … }.
  lake: { adapter: 'folder', root: '.millrace/lake' },

  // An embedded Postgres. Your own: { adapter: 'postgres', url: 'env:MY_POSTGRES_URL' }, or MILLRACE_DATABASE_URL.
  warehouse: { adapter: 'embedded', dir: '.millrace/postgres' },

  // The dbt project in ./dbt. Real dbt-core instead of the built-in runner: runner: 'dbt-core'.
  transform: { runner: 'native', project: './dbt', vars: { seed_formulas: false } },

  // Who is told how a run ended. By mail: { notifier: 'smtp', host: '…', from: '…', to: ['…'] }.
  notify: {
    console: { notifier: 'console', language: 'en' },
    outbox: { notifier: 'file', folder: '.millrace/outbox', language: 'en' },
  },

  // The nightly run is about yesterday in this zone; each account's day is a day in its own.
  pipeline: { zone: 'Asia/Seoul', parallelAccounts: 2 },

  // Superseded raw files stay this many days.
  retention: { raw: 400 },
})
