// Says, before the tests, which of the real services they will find. Absent ones are skipped, and named again at the end;
// MILLRACE_REQUIRE=postgres,s3 (a comma-separated list) makes an absence the failure of the whole run.

type Service = { readonly variable: string; readonly start: string }

const start = (name: string): string => `eval "$(scripts/services.sh start ${name} && scripts/services.sh env ${name})"`

const services = {
  postgres: { variable: 'MILLRACE_TEST_POSTGRES_URL', start: start('postgres') },
  s3: { variable: 'MILLRACE_TEST_S3_URL', start: start('s3') },
  dbt: { variable: 'MILLRACE_TEST_DBT', start: start('dbt') },
  kafka: { variable: 'MILLRACE_TEST_KAFKA_BROKERS', start: start('kafka') },
  redis: { variable: 'MILLRACE_TEST_REDIS_URL', start: start('redis') },
  clients: { variable: 'MILLRACE_TEST_CLIENTS', start: start('clients') },
  airflow: { variable: 'MILLRACE_TEST_AIRFLOW', start: start('airflow') },
  pods: { variable: 'MILLRACE_TEST_PODS', start: start('pods') },
  airbyte: { variable: 'MILLRACE_TEST_AIRBYTE', start: start('airbyte') },
  flink: { variable: 'MILLRACE_TEST_FLINK', start: start('flink') },
  chromium: { variable: 'MILLRACE_TEST_CHROMIUM', start: start('chromium') },
} as const satisfies Record<string, Service>

// A package of our own development set, started by the tests themselves.
const alwaysThere = new Set(['smtp'])

export type ServiceName = keyof typeof services

/** The names in MILLRACE_REQUIRE that have no variable set, or that no service answers to. */
export function missingServices(env: NodeJS.ProcessEnv): string[] {
  const required = (env['MILLRACE_REQUIRE'] ?? '').split(',').map((name) => name.trim())
  return required.filter((name) => name !== '' && !alwaysThere.has(name) && !isPresent(name, env))
}

function isPresent(name: string, env: NodeJS.ProcessEnv): boolean {
  const service = Object.hasOwn(services, name) ? services[name as ServiceName] : undefined
  return service !== undefined && (env[service.variable] ?? '') !== ''
}

function remedy(name: string): string {
  const service = Object.hasOwn(services, name) ? services[name as ServiceName] : undefined
  return service === undefined
    ? `${name}: there is no such service; there are ${[...Object.keys(services), ...alwaysThere].join(', ')}`
    : `${name}: ${service.variable} is not set; run: ${service.start}`
}

export default function setup(): void {
  const names = Object.keys(services)
  const present = names.filter((name) => isPresent(name, process.env))
  const absent = names.filter((name) => !isPresent(name, process.env))
  process.stderr.write(
    `real services present: ${[...present, ...alwaysThere].join(', ')}; absent: ${absent.join(', ') || 'none'}\n`,
  )
  const missing = missingServices(process.env)
  if (missing.length > 0) {
    throw new Error(`MILLRACE_REQUIRE names services that are not there:\n  ${missing.map(remedy).join('\n  ')}`)
  }
}
