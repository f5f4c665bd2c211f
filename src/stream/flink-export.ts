import { eventFields, eventTypes, instantBounds, ivtClasses, valueMax } from '../domain/event.ts'
import type { EventField } from '../domain/event.ts'
import { keptMs, minuteMs, skewMaxMs } from './bucket.ts'

export interface FlinkExport {
  readonly brokers: string
  readonly topic: string
  /** How long an id is remembered: our window, the running generation and the one before it. */
  readonly dedupeMs: number
}

/** What whoever runs it has to fill in: the text holds no secrets. */
const toFillIn = {
  url: 'jdbc:postgresql://HOST:5432/DATABASE?currentSchema=SCHEMA&reWriteBatchedInserts=true',
  user: 'USER',
  password: 'PASSWORD',
  checkpoints: 'file:///var/lib/flink/checkpoints',
} as const

const sinkTable = 'flink_campaign_minute'

/** Columns of `campaign_minute` that are counted, in its order, as Flink and Postgres call their types. */
const sinkColumns = [
  ['minute', 'TIMESTAMP(3)', 'timestamp'],
  ['platform', 'STRING', 'text'],
  ['account_id', 'STRING', 'text'],
  ['campaign_id', 'STRING', 'text'],
  ['currency', 'STRING', 'text'],
  ['impressions', 'BIGINT', 'bigint'],
  ['clicks', 'BIGINT', 'bigint'],
  ['conversions', 'BIGINT', 'bigint'],
  ['revenue', 'DECIMAL(38, 6)', 'numeric(38, 6)'],
  ['cost', 'DECIMAL(38, 6)', 'numeric(38, 6)'],
  ['ivt_impressions', 'BIGINT', 'bigint'],
  ['ivt_clicks', 'BIGINT', 'bigint'],
  ['ivt_conversions', 'BIGINT', 'bigint'],
] as const

const keyColumns = sinkColumns.slice(0, 5).map(([name]) => name)

const quoted = (name: string): string => `\`${name}\``
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
const words = (list: readonly string[]): string => list.map(literal).join(', ')

/** Fields that the counters read, with the type that takes each of them. */
const typeOf: Readonly<Record<EventField['kind'], string>> = {
  text: 'STRING',
  choice: 'STRING',
  instant: 'DECIMAL(20, 6)',
  money: 'DECIMAL(38, 6)',
  count: 'DECIMAL(38, 6)',
  object: 'STRING',
}

const readFields = [
  'event_id',
  'event_type',
  'platform',
  'account_id',
  'campaign_id',
  'timestamp',
  'sent_at',
  'received_at',
  'value',
  'currency',
  'cost_micros',
  'source',
  'ivt',
] as const

/** A kind's rule as a condition on the column. */
type RuleOf = {
  readonly [Kind in EventField['kind']]: (column: string, field: Extract<EventField, { kind: Kind }>) => string
}

const { secondsMin, secondsMax, msMin, msMax } = instantBounds

const ruleOf: RuleOf = {
  text: (column, { min = 0, max, pattern }) =>
    pattern === undefined
      ? `CHAR_LENGTH(${column}) BETWEEN ${min} AND ${max}`
      : `REGEXP(${column}, ${literal(pattern)})`,
  choice: (column, field) => `${column} IN (${words(field.of)})`,
  instant: (column) => `(${column} BETWEEN ${secondsMin} AND ${secondsMax} OR ${column} BETWEEN ${msMin} AND ${msMax})`,
  money: (column) => `${column} BETWEEN 0 AND ${valueMax}`,
  count: (column, { max }) => `(${column} BETWEEN 0 AND ${max} AND ${column} = FLOOR(${column}))`,
  object: () => 'TRUE',
}

/** What makes a record an event, field by field, as the schema has it; an optional field may be absent. */
function fieldRule(name: string, field: EventField): string {
  const column = quoted(name)
  const rule = (ruleOf[field.kind] as (column: string, field: EventField) => string)(column, field)
  return 'required' in field ? rule : `(${column} IS NULL OR ${rule})`
}

const rules = (): string => readFields.map((name) => fieldRule(name, eventFields[name])).join('\n  AND ')

/** An instant in whole milliseconds, as the fold reads it. */
const msOf = (name: string): string =>
  `CAST(FLOOR(CASE WHEN ${quoted(name)} <= ${secondsMax} THEN ${quoted(name)} * 1000 ELSE ${quoted(name)} END) AS BIGINT)`

/** `EXTRACT(EPOCH …)` has whole seconds only. */
const appendedMs = `CAST(EXTRACT(EPOCH FROM appended) AS BIGINT) * 1000 + CAST(EXTRACT(MILLISECOND FROM appended) AS BIGINT)`

const hoursOf = (ms: number): number => ms / (60 * minuteMs)

function head({ topic }: FlinkExport): string {
  const columns = sinkColumns.map(([name, , type]) => `${name} ${type} not null`).join(', ')
  return `-- Written by: millrace export flink
-- Live ad events of ${topic} by campaign and minute, each event once, in Flink SQL (Flink 2.2 with the connectors of Kafka and JDBC):
-- for more consumers than one machine's. Fill in ${toFillIn.url.split('?')[0]}, its user and password, and where checkpoints go.
-- The sink, in Postgres:
--   create table ${sinkTable} (${columns}, primary key (${keyColumns.join(', ')}));
-- What is not as Millrace counts: a conversion is once within the state's time and not for months; a field of another type than the
-- schema's is left out where Millrace refuses the event; records with many events each (envelope 'batch') are not read.
`
}

const settings = ({ dedupeMs }: FlinkExport): string => `SET 'execution.runtime-mode' = 'streaming';
SET 'table.local-time-zone' = 'UTC';
SET 'execution.checkpointing.interval' = '10 s';
SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';
SET 'execution.checkpointing.dir' = '${toFillIn.checkpoints}';
SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';
SET 'restart-strategy.type' = 'exponential-delay';
SET 'restart-strategy.exponential-delay.max-backoff' = '10 s';
SET 'pipeline.name' = 'millrace campaign_minute';
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '1 s';
SET 'table.exec.mini-batch.size' = '5000';
-- How long an id is remembered; the sums below say their own time.
SET 'table.exec.state.ttl' = '${hoursOf(dedupeMs)} h';
`

function source({ brokers, topic }: FlinkExport): string {
  const columns = readFields.map((name) => `  ${quoted(name)} ${typeOf[eventFields[name].kind]}`)
  return `CREATE TABLE ad_events (
${columns.join(',\n')},
  \`appended\` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  \`part\` INT METADATA FROM 'partition' VIRTUAL,
  \`place\` BIGINT METADATA FROM 'offset' VIRTUAL,
  \`taken\` AS PROCTIME()
) WITH (
  'connector' = 'kafka',
  'topic' = ${literal(topic)},
  'properties.bootstrap.servers' = ${literal(brokers)},
  'properties.group.id' = 'millrace-flink',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);
`
}

const sink = (): string => `CREATE TABLE campaign_minute (
${sinkColumns.map(([name, type]) => `  ${quoted(name)} ${type}`).join(',\n')},
  PRIMARY KEY (${keyColumns.map(quoted).join(', ')}) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${toFillIn.url}',
  'table-name' = '${sinkTable}',
  'username' = '${toFillIn.user}',
  'password' = '${toFillIn.password}',
  'sink.buffer-flush.max-rows' = '1000',
  'sink.buffer-flush.interval' = '1 s',
  'sink.max-retries' = '3'
);
`

/** Views from a record to an event at its minute: what the fold decides, from the record and its append time alone. */
const views = (): string => `-- A record that breaks the schema is no event.
CREATE TEMPORARY VIEW valid_events AS
SELECT *, ${msOf('timestamp')} AS device_ms, ${msOf('sent_at')} AS sent_ms, ${msOf('received_at')} AS received_ms,
  ${appendedMs} AS appended_ms
FROM ad_events
WHERE ${rules()};

-- The device's clock, corrected by the collector's; one that is ${skewMaxMs / minuteMs} min ahead of the log is not believed.
CREATE TEMPORARY VIEW timed_events AS
SELECT *, CASE
    WHEN corrected_ms <= appended_ms + ${skewMaxMs} THEN corrected_ms
    WHEN received_ms <= appended_ms + ${skewMaxMs} THEN received_ms
    ELSE appended_ms
  END AS counted_ms
FROM (
  SELECT *, CASE WHEN sent_ms IS NOT NULL AND received_ms IS NOT NULL THEN received_ms - (sent_ms - device_ms) ELSE device_ms END AS corrected_ms
  FROM valid_events
);

-- The first of each id within its source; a record without one is itself alone.
CREATE TEMPORARY VIEW first_events AS
SELECT *
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY id_source, id ORDER BY \`taken\` ASC) AS copy
  FROM (
    SELECT *, CASE WHEN event_id IS NULL THEN 'at' ELSE 'id ' || COALESCE(\`source\`, '') END AS id_source,
      COALESCE(event_id, CAST(\`part\` AS STRING) || ':' || CAST(\`place\` AS STRING)) AS id
    FROM timed_events
  )
)
WHERE copy = 1;

-- In the minute in which it counts; minutes are kept ${hoursOf(keptMs.minute)} h.
CREATE TEMPORARY VIEW minute_events AS
SELECT CAST(FLOOR(TO_TIMESTAMP_LTZ(counted_ms, 3) TO MINUTE) AS TIMESTAMP(3)) AS \`minute\`,
  CASE platform WHEN 'facebook_ads' THEN 'meta_ads' ELSE COALESCE(platform, '') END AS platform,
  COALESCE(account_id, '') AS account_id, campaign_id, COALESCE(currency, '') AS currency, event_type,
  COALESCE(ivt, ${literal(ivtClasses[0])}) <> ${literal(ivtClasses[0])} AS is_ivt,
  COALESCE(\`value\`, 0) AS \`value\`, CAST(COALESCE(cost_micros, 0) AS DECIMAL(20, 0)) / 1000000 AS cost
FROM first_events
WHERE appended_ms - counted_ms <= ${keptMs.minute} AND (event_type IN (${words(eventTypes.slice(0, 3))}) OR cost_micros > 0);
`

const counted = (type: string, ivt: string): string => `COUNT(*) FILTER (WHERE event_type = '${type}'${ivt})`

/** Sums by the minute without a window: a window is closed and would lose what comes late. */
function insert(): string {
  const [impression, click, conversion] = eventTypes
  const counts = [impression, click, conversion].map((type) => counted(type, ''))
  const invalid = [impression, click, conversion].map((type) => counted(type, ' AND is_ivt'))
  const stateHours = hoursOf(keptMs.minute) + 1
  return `INSERT INTO campaign_minute
SELECT /*+ STATE_TTL('minute_events' = '${stateHours} h') */ ${keyColumns.map(quoted).join(', ')},
  ${counts.join(',\n  ')},
  COALESCE(SUM(\`value\`) FILTER (WHERE event_type = '${conversion}'), 0),
  SUM(cost),
  ${invalid.join(',\n  ')}
FROM minute_events
GROUP BY ${keyColumns.map(quoted).join(', ')};
`
}

/** The counters' aggregation by the minute as Flink SQL, the same bytes each time for the same settings. */
export function flinkSql(options: FlinkExport): string {
  return [head(options), settings(options), source(options), sink(), views(), insert()].join('\n')
}
