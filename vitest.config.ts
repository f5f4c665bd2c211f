// The tests' set-up. `--mode long` (npm run test:long) runs the counted proofs in full: tests read MILLRACE_LONG.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig(({ mode }) => {
  const long = mode === 'long' || process.env['MILLRACE_LONG'] === '1'
  return {
    test: {
      include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
      globalSetup: ['test/services.ts'],
      reporters: ['default', './test/skip-reporter.ts'],
      env: {
        // Programs that tests start find compiled what an earlier one compiled: half of the CPU of a start.
        NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-test-compile-cache'),
        ...(long && { MILLRACE_LONG: '1' }),
      },
      // Each worker may have a Postgres and child processes of its own; more than two starve each other on two cores.
      maxWorkers: 2,
      testTimeout: long ? 1_800_000 : 60_000,
      hookTimeout: long ? 300_000 : 60_000,
    },
  }
})
