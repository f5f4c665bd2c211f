import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cleanEnv, node24, root } from './bootstrap-fixture.ts'
import { missingServices } from './services.ts'

const s3 = { MILLRACE_TEST_S3_URL: 'http://127.0.0.1:9' }

test.for([
  ['nothing is required', {}, []],
  ['what is required is there', { MILLRACE_REQUIRE: 's3,smtp', ...s3 }, []],
  ['a service is required and has no address', { MILLRACE_REQUIRE: 'postgres, s3', ...s3 }, ['postgres']],
  ['its address is empty', { MILLRACE_REQUIRE: 's3', MILLRACE_TEST_S3_URL: '' }, ['s3']],
  ['a word is no service', { MILLRACE_REQUIRE: 's4,constructor', ...s3 }, ['s4', 'constructor']],
] as const)('MILLRACE_REQUIRE names what is missing when %s', ([, env, missing]) => {
  expect(missingServices(env)).toEqual(missing)
})

/** Runs vitest with the real set-up on one file of three tests. */
function runTests(env: NodeJS.ProcessEnv) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-vitest-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const words = `import { expect, test } from 'vitest'
      test('passes', () => { expect(1).toBe(1) })
      test('skips', ({ skip }) => { skip(true, 'kafka is absent') })
      test('skips too', ({ skip }) => { skip(true, 'kafka is absent') })`
    writeFileSync(join(folder, 'one.test.ts'), words)
    const config = {
      include: ['*.test.ts'],
      globalSetup: [join(root, 'test/services.ts')],
      reporters: ['default', join(root, 'test/skip-reporter.ts')],
    }
    writeFileSync(join(folder, 'vitest.config.ts'), `export default { test: ${JSON.stringify(config)} }`)
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    return spawnSync(node24, [vitest, 'run'], {
      cwd: folder,
      env: { ...cleanEnv(), NO_COLOR: '1', ...env },
      encoding: 'utf8',
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('a run says which services are there, why tests were skipped, and how many of each there were', () => {
  const { status, stdout, stderr } = runTests({ ...s3, MILLRACE_REQUIRE: '' })
  expect(stderr).toMatch(/real services present: .*s3.*absent: /)
  expect(stdout).toContain('skipped 2: kafka is absent\n')
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed, 2 skipped')
  expect(status).toBe(0)
})

test('a run without a required service fails, names it and says how to start it', () => {
  const { status, stdout, stderr } = runTests({ MILLRACE_REQUIRE: 'kafka', MILLRACE_TEST_KAFKA_BROKERS: '' })
  expect(status).not.toBe(0)
  expect(stdout + stderr).toContain(
    'kafka: MILLRACE_TEST_KAFKA_BROKERS is not set; run: eval "$(scripts/services.sh start kafka',
  )
})
