import type { z } from 'zod'
import { builtinChecks } from './builtin.ts'
import type { SummedMetric } from './check.ts'
import { columnOf, columns } from './columns.ts'
import type { ColumnName } from './columns.ts'
import { builtinUse, idShape, libraryCheck, operatorNames, qualityFrame, sqlCheck } from './config-schema.ts'
import type {
  BuiltinUse,
  LibraryCheck,
  MuteConfig,
  OverrideConfig,
  SqlCheckConfig,
  Threshold,
} from './config-schema.ts'
import { postChecks } from './post-checks.ts'
import { givenOperators } from './threshold.ts'

/** One mistake: where in the file, and what it is, in both languages. */
export interface ConfigProblem {
  readonly path: readonly (string | number)[]
  readonly en: string
  readonly ko: string
}

export type ParsedCheck =
  | { readonly kind: 'builtin'; readonly id: string; readonly config: BuiltinUse }
  | { readonly kind: 'library'; readonly id: string; readonly config: LibraryCheck }
  | { readonly kind: 'sql'; readonly id: string; readonly config: SqlCheckConfig }

/** A file of checks that means something. */
export interface ParsedQuality {
  readonly checks: readonly ParsedCheck[]
  readonly overrides: readonly OverrideConfig[]
  readonly mutes: readonly MuteConfig[]
  /** Columns that samples leave out. */
  readonly hidden: readonly string[]
  /** Hours after the end of a day at which it is due; undefined: as it is for everybody. */
  readonly dueHours?: number | undefined
  readonly tolerances: Readonly<Record<string, Readonly<Partial<Record<SummedMetric, number>>>>>
}

export interface CheckedQuality {
  readonly parsed: ParsedQuality
  /** Every problem of the file at once; `parsed` is only to be used when there is none. */
  readonly problems: readonly ConfigProblem[]
}

type Path = ConfigProblem['path']

const builtinIds: ReadonlySet<string> = new Set(builtinChecks.map((one) => one.id))

/** Reads the value of a file of checks and finds everything that is wrong with it. Pure. */
export function checkQuality(value: unknown): CheckedQuality {
  const frame = qualityFrame.safeParse(value, { reportInput: true })
  if (!frame.success) {
    const problems = frame.error.issues.flatMap((issue) => issueProblems(issue, []))
    // What is wrong with the frame must not hide what is wrong with a check.
    const inside = isRecord(value) && isRecord(value['checks']) ? checksOf(value['checks']).problems : []
    return {
      parsed: { checks: [], overrides: [], mutes: [], hidden: [], tolerances: {} },
      problems: [...problems, ...inside],
    }
  }
  const { checks: given = {}, overrides = [], mute: mutes = [], tags = {}, sla, reconcile = {} } = frame.data
  const { checks, problems } = checksOf(given)
  const known = new Set<string>([...builtinIds, ...postChecks.map((one) => one.id), ...checks.map((one) => one.id)])
  const unknown = (id: string, path: Path): readonly ConfigProblem[] =>
    known.has(id) ? [] : [{ path, en: `there is no check "${id}"`, ko: `"${id}" 검사가 없습니다` }]
  return {
    parsed: {
      checks,
      overrides,
      mutes,
      hidden: Object.keys(tags),
      dueHours: sla && hoursOf(sla.freshness.by),
      tolerances: reconcile as ParsedQuality['tolerances'],
    },
    problems: [
      ...problems,
      ...overrides.flatMap((one, at) =>
        Object.keys(one.checks).flatMap((id) => unknown(id, ['overrides', at, 'checks', id])),
      ),
      ...mutes.flatMap((one, at) => unknown(one.check, ['mute', at, 'check'])),
    ],
  }
}

function checksOf(
  given: Readonly<Record<string, unknown>>,
): Pick<CheckedQuality, 'problems'> & Pick<ParsedQuality, 'checks'> {
  const checks: ParsedCheck[] = []
  const problems: ConfigProblem[] = []
  for (const [id, value] of Object.entries(given)) {
    const path = ['checks', id]
    if (!idShape.test(id) || builtinIds.has(id))
      problems.push({
        path,
        en: `"${id}" cannot be the id of a check: a letter, then up to 62 of a–z 0–9 _ . and none of a built-in check`,
        ko: `"${id}"은(는) 검사 ID가 될 수 없습니다. 글자로 시작해 a–z 0–9 _ . 를 62자까지 쓰고 기본 검사 ID와 달라야 합니다`,
      })
    const read = readCheck(id, value, path)
    problems.push(...read.problems)
    if (read.check) checks.push(read.check)
  }
  return { checks, problems }
}

function hoursOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number)
  return hours + minutes / 60
}

interface ReadCheck {
  readonly check?: ParsedCheck
  readonly problems: readonly ConfigProblem[]
}

/** Each kind has its own schema, so that a mistake is told of the key that it is in and not of the whole check. */
function readCheck(id: string, value: unknown, path: Path): ReadCheck {
  if (isRecord(value) && 'use' in value) {
    const read = builtinUse.safeParse(value, { reportInput: true })
    if (!read.success) return { problems: read.error.issues.flatMap((one) => issueProblems(one, path)) }
    return { check: { kind: 'builtin', id, config: read.data }, problems: useProblems(read.data, path) }
  }
  if (isRecord(value) && 'type' in value) {
    const read = sqlCheck.safeParse(value, { reportInput: true })
    if (!read.success) return { problems: read.error.issues.flatMap((one) => issueProblems(one, path)) }
    return { check: { kind: 'sql', id, config: read.data }, problems: sqlProblems(read.data, path) }
  }
  const read = libraryCheck.safeParse(value, { reportInput: true })
  if (!read.success) return { problems: read.error.issues.flatMap((one) => issueProblems(one, path)) }
  return { check: { kind: 'library', id, config: read.data }, problems: libraryProblems(read.data, path) }
}

function useProblems(config: BuiltinUse, path: Path): readonly ConfigProblem[] {
  const builtin = builtinChecks.find((one) => one.id === config.use)
  if (!builtin)
    return [
      {
        path: [...path, 'use'],
        en: `there is no built-in check "${config.use}"; there are ${[...builtinIds].join(', ')}`,
        ko: `기본 검사 "${config.use}"이(가) 없습니다. 있는 것: ${[...builtinIds].join(', ')}`,
      },
    ]
  const given = givenOperators(config)
  if (given.length > 0 && !('rows' in builtin))
    return [
      {
        path: [...path, given[0] ?? 'use'],
        en: `${config.use} judges days and not rows: its threshold is its own`,
        ko: `${config.use}은(는) 행이 아니라 날짜를 판정하므로 기준을 바꿀 수 없습니다`,
      },
    ]
  return [...thresholdProblems(config, path, given.length > 0), ...quarantineProblems(config, path, 'rows' in builtin)]
}

function sqlProblems(config: SqlCheckConfig, path: Path): readonly ConfigProblem[] {
  const at = [...path, 'query']
  const unknown = [...config.query.matchAll(/\{(\w+)\}/g)].map((one) => one[1] ?? '')
  return [
    ...unknown
      .filter((name) => name !== 'dataset' && name !== 'partition')
      .map((name) => ({
        path: at,
        en: `{${name}} is unknown: only {dataset} and {partition} are filled in`,
        ko: `{${name}}은(는) 알 수 없습니다. {dataset}과 {partition}만 채워집니다`,
      })),
    ...(config.query.includes('{dataset}')
      ? []
      : [{ path: at, en: 'the query does not name {dataset}', ko: '쿼리에 {dataset}이 없습니다' }]),
    ...thresholdProblems(config, path, true),
    ...quarantineProblems(config, path, false),
  ]
}

function libraryProblems(config: LibraryCheck, path: Path): readonly ConfigProblem[] {
  const { metric, column, columns: several, arguments: given = {}, unit } = config
  const problems: ConfigProblem[] = []
  const say = (key: string, en: string, ko: string) => problems.push({ path: [...path, key], en, ko })
  const needsColumn = metric === 'nullValues' || metric === 'missingValues' || metric === 'invalidValues'
  if (needsColumn && !column) say('metric', `${metric} needs a column`, `${metric}에는 column이 필요합니다`)
  if (metric === 'duplicateValues' && !column && !several)
    say('metric', 'duplicateValues needs column or columns', 'duplicateValues에는 column 또는 columns가 필요합니다')
  if (metric === 'rowCount' && (column ?? several ?? unit))
    say('metric', 'rowCount has neither column nor unit', 'rowCount에는 column과 unit이 없습니다')
  if (metric === 'missingValues' && !given.missingValues)
    say(
      'metric',
      'missingValues needs arguments.missingValues',
      'missingValues에는 arguments.missingValues가 필요합니다',
    )
  if (metric === 'invalidValues' && Object.keys(given).length === 0)
    say(
      'metric',
      'invalidValues needs arguments that say what is valid',
      'invalidValues에는 무엇이 유효한지 적은 arguments가 필요합니다',
    )
  if (column) problems.push(...argumentProblems(column as ColumnName, given, [...path, 'arguments']))
  return [
    ...problems,
    ...thresholdProblems(config, path, true),
    ...quarantineProblems(config, path, metric !== 'rowCount' && metric !== 'duplicateValues'),
  ]
}

const argumentsOf = {
  number: ['min', 'max', 'minColumn', 'maxColumn', 'validValues', 'missingValues'],
  text: ['validValues', 'pattern', 'minLength', 'maxLength', 'missingValues'],
} as const

function argumentProblems(
  column: ColumnName,
  given: NonNullable<LibraryCheck['arguments']>,
  path: Path,
): readonly ConfigProblem[] {
  const { kind } = columnOf(column)
  const fitting: readonly string[] = argumentsOf[kind]
  const other = [given.minColumn, given.maxColumn].filter((one) => one !== undefined)
  return [
    ...Object.keys(given)
      .filter((name) => !fitting.includes(name))
      .map((name) => ({
        path: [...path, name],
        en: `${name} is not for ${column}, which is ${kind === 'text' ? 'text' : 'a number'}`,
        ko: `${column}은(는) ${kind === 'text' ? '텍스트' : '숫자'}라 ${name}을(를) 쓸 수 없습니다`,
      })),
    ...other
      .filter((name) => columns[name as ColumnName].kind !== 'number')
      .map((name) => ({ path, en: `${name} is not a number`, ko: `${name}은(는) 숫자가 아닙니다` })),
  ]
}

function quarantineProblems(
  { onFail }: Pick<LibraryCheck, 'onFail'>,
  path: Path,
  judgesRows: boolean,
): readonly ConfigProblem[] {
  if (onFail !== 'quarantine' || judgesRows) return []
  return [
    {
      path: [...path, 'onFail'],
      en: 'only a check that says of a single row whether it fails can quarantine',
      ko: '행 하나가 실패인지 말할 수 있는 검사만 quarantine을 쓸 수 있습니다',
    },
  ]
}

function thresholdProblems(
  config: Threshold & { readonly warn?: Threshold | undefined },
  path: Path,
  isNeeded: boolean,
): readonly ConfigProblem[] {
  const own = givenOperators(config)
  const warn = config.warn && givenOperators(config.warn)
  const one = (given: readonly string[], at: Path): readonly ConfigProblem[] =>
    given.length === 1
      ? []
      : [
          {
            path: given[1] === undefined ? at : [...at, given[1]],
            en: `exactly one of ${operatorNames.join(', ')} is needed`,
            ko: `${operatorNames.join(', ')} 가운데 정확히 하나가 필요합니다`,
          },
        ]
  return [
    ...(isNeeded ? one(own, path) : []),
    ...(warn ? one(warn, [...path, 'warn']) : []),
    ...reversed(config, path),
    ...(config.warn ? reversed(config.warn, [...path, 'warn']) : []),
  ]
}

function reversed(threshold: Threshold, path: Path): readonly ConfigProblem[] {
  return (['mustBeBetween', 'mustNotBeBetween'] as const).flatMap((name) => {
    const [low, high] = threshold[name] ?? [0, 0]
    return low <= high
      ? []
      : [{ path: [...path, name], en: `${low} is above ${high}`, ko: `${low}이(가) ${high}보다 큽니다` }]
  })
}

type Issue = z.core.$ZodIssue

/** The words of a schema's finding. A key that is unknown is told where it stands, each by itself. */
function issueProblems(issue: Issue, above: Path): readonly ConfigProblem[] {
  const path = [...above, ...(issue.path as (string | number)[])]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...path, key],
      en: `"${key}" is not a setting here`,
      ko: `"${key}"은(는) 여기에 쓰는 설정이 아닙니다`,
    }))
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String).join(', ')
    return [{ path, en: `must be one of ${values}`, ko: `${values} 가운데 하나여야 합니다` }]
  }
  if (issue.code === 'invalid_type') {
    const isAbsent = issue.input === undefined
    return [
      {
        path,
        en: isAbsent ? `is needed (${issue.expected})` : `must be ${issue.expected}`,
        ko: isAbsent ? `필요합니다 (${issue.expected})` : `${issue.expected}이어야 합니다`,
      },
    ]
  }
  return [{ path, en: lowered(issue.message), ko: issue.message }]
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
