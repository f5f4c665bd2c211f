import { constants } from 'node:fs'
import { access, mkdtemp, rm, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { freemem, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Language } from '../domain/errors.ts'
import type { DoctorLine } from './doctor-line.ts'
import { linesOf } from './doctor-line.ts'

const nodeMajorMin = 24
const mebibyte = 1024 * 1024
const diskFailMiB = 200
const diskWarnMiB = 1_024

/** Node, the system, its language and zone: read from this process, nothing is started. */
export function runtimeLines(
  language: Language,
  env: Readonly<Record<string, string | undefined>>,
): readonly DoctorLine[] {
  const { ok, warn, fail } = linesOf('runtime', language)
  const major = Number(process.versions.node.split('.')[0])
  const node = { en: 'Node', ko: 'Node' }
  const isMusl = process.platform === 'linux' && glibcVersion() === undefined
  const system = { en: 'System', ko: '시스템' }
  const place = `${process.platform}-${process.arch}${isMusl ? ' musl' : ''}`
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  const speaksUtf8 = process.platform === 'win32' || /utf-?8/i.test(locale)
  const localeWhat = { en: 'Locale and zone', ko: '로캘과 시간대' }
  return [
    major >= nodeMajorMin
      ? ok(node, process.versions.node)
      : fail(node, process.versions.node, { en: 'Install Node 24 or newer.', ko: 'Node 24 이상을 설치하세요.' }),
    isMusl
      ? warn(system, place, {
          en: 'The embedded Postgres needs glibc: use a Debian image, or MILLRACE_DATABASE_URL.',
          ko: '내장 Postgres에는 glibc가 필요합니다. Debian 이미지나 MILLRACE_DATABASE_URL을 쓰세요.',
        })
      : ok(system, place),
    speaksUtf8
      ? ok(localeWhat, `${locale || 'UTF-8'}, ${zone}`)
      : warn(localeWhat, `${locale || '–'}, ${zone}`, {
          en: 'Text files and terminals may garble Hangul: set LANG=C.UTF-8. The warehouse is UTF-8 in any case.',
          ko: '터미널에서 한글이 깨질 수 있습니다. LANG=C.UTF-8로 설정하세요. 웨어하우스는 항상 UTF-8입니다.',
        }),
    ok({ en: 'Memory', ko: '메모리' }, `${mib(freemem())} / ${mib(totalmem())} MiB`),
  ]
}

function glibcVersion(): string | undefined {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined
  return report?.header?.glibcVersionRuntime
}

const mib = (bytes: number) => Math.round(bytes / mebibyte)

/** Whether the folder can be written to, how much room it has, whether a port can be had. */
export async function machineLines(folder: string, language: Language): Promise<readonly DoctorLine[]> {
  return [await writableLine(folder, language), await diskLine(folder, language), await portLine(language)]
}

async function writableLine(folder: string, language: Language): Promise<DoctorLine> {
  const { ok, fail } = linesOf('machine', language)
  const what = { en: 'Project folder', ko: '프로젝트 폴더' }
  try {
    await access(folder, constants.W_OK)
    return ok(what, folder)
  } catch (error) {
    return fail(what, `${folder} ${(error as NodeJS.ErrnoException).code ?? ''}`, {
      en: 'Let this user write there, or name another folder with --project.',
      ko: '이 사용자에게 쓰기 권한을 주거나 --project로 다른 폴더를 지정하세요.',
    })
  }
}

async function diskLine(folder: string, language: Language): Promise<DoctorLine> {
  const { ok, warn, fail } = linesOf('machine', language)
  const what = { en: 'Disk', ko: '디스크' }
  const { bavail, bsize } = await statfs(folder)
  const free = mib(bavail * bsize)
  const fix = {
    en: 'Make room; a year of 50 campaigns takes about 100 MiB.',
    ko: '공간을 확보하세요. 캠페인 50개 1년에 약 100 MiB입니다.',
  }
  if (free < diskFailMiB) return fail(what, `${free} MiB`, fix)
  return free < diskWarnMiB ? warn(what, `${free} MiB`, fix) : ok(what, `${free} MiB`)
}

function portLine(language: Language): Promise<DoctorLine> {
  const { ok, fail } = linesOf('machine', language)
  const what = { en: 'Ports of 127.0.0.1', ko: '127.0.0.1 포트' }
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        fail(what, error.code ?? error.message, {
          en: 'Allow programs to listen on 127.0.0.1: a firewall or a sandbox forbids it.',
          ko: '127.0.0.1에서 연결을 받을 수 있게 하세요. 방화벽이나 샌드박스가 막고 있습니다.',
        }),
      ),
    )
    server.listen(0, '127.0.0.1', () =>
      server.close(() => resolve(ok(what, { en: 'free', ko: '사용 가능' }[language]))),
    )
  })
}

/** Native parts: the embedded Postgres's programs with their links, and DuckDB. */
export async function installLines(language: Language): Promise<readonly DoctorLine[]> {
  const { ok, failed } = linesOf('install', language)
  const postgres = { en: 'Embedded Postgres programs', ko: '내장 Postgres 프로그램' }
  const duckdb = { en: 'DuckDB', ko: 'DuckDB' }
  const look = async (what: typeof postgres, load: () => Promise<string>): Promise<DoctorLine> => {
    try {
      return ok(what, await load())
    } catch (thrown) {
      return failed(what, thrown)
    }
  }
  return Promise.all([
    look(postgres, async () => (await import('../warehouse/embedded-binaries.ts')).embeddedBinaries().major),
    look(duckdb, async () =>
      Object.keys(await import('../lake/parquet.ts')).length > 0 ? { en: 'loads', ko: '불러옴' }[language] : '',
    ),
  ])
}

/** Starts an embedded Postgres in a folder of its own, asks it one thing, and takes everything away again. */
export async function embeddedRoundTrip(language: Language): Promise<readonly DoctorLine[]> {
  const { ok } = linesOf('postgres', language)
  const what = { en: 'Embedded Postgres starts', ko: '내장 Postgres 시작' }
  const dir = await mkdtemp(join(tmpdir(), 'millrace-doctor-'))
  const startedAt = performance.now()
  try {
    const { adapter } = await import('../warehouse/embedded.ts')
    await using warehouse = await adapter.open(adapter.options.parse({ dir: join(dir, 'pg'), durable: false }))
    const [row] = await warehouse.query<{ readonly text: string }>(`select '한글' as text`)
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    return [ok(what, `${warehouse.place.replace(dir, '…')}, ${row?.text ?? ''}, ${seconds}s`)]
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
