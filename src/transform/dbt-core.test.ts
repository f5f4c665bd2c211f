import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { adapter, defaultDbtFolder } from './dbt-core.ts'
import { installedVersion, pinnedDbt } from './dbt-install.ts'
import { runnerContract } from './runner.contract.ts'
import { warmDbt } from './warm-dbt.fixture.ts'
import type { WarmDbt } from './warm-dbt.fixture.ts'

const folder = defaultDbtFolder(process.env)
const unavailable =
  installedVersion(folder) === pinnedDbt.core ? undefined : `dbt-core is not installed: scripts/services.sh install dbt`

let warm: WarmDbt | undefined
afterAll(async () => warm?.[Symbol.asyncDispose]())

runnerContract('dbt-core', {
  // The first build is one by the installed program, from its start on; the others are spared the seconds of their start.
  openFirst: async () => adapter.open({ folder, install: false }),
  async open() {
    warm ??= await warmDbt(folder)
    return adapter.open({ folder: warm.folder, install: false })
  },
  isSlow: true,
  unavailable,
})

test('an absent dbt-core is named with the way to get it', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'millrace-no-dbt-'))
  try {
    const failure = await adapter.open({ folder: empty, install: false }).catch((error: unknown) => error)
    expect(isMillraceError(failure, 'TRANSFORM_DBT_CORE_MISSING')).toBe(true)
  } finally {
    await rm(empty, { recursive: true })
  }
})
