import { expect, test } from 'vitest'
import { repr, str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { columnTypes } from './column-values.ts'

/** What dbt-core 1.11.16 prints for `run_query(…).columns[0].values()[0]`, as `str` and as `repr`, by the type and the text that Postgres sends. */
test.for<[type: string, oid: number, sent: string, printed: string, shown: string]>([
  ['int8', 20, '120212345678901234', '120212345678901234', '120212345678901234'],
  ['numeric', 1700, '1.50', '1.50', "Decimal('1.50')"],
  ['float8', 701, '1.5', '1.5', "Decimal('1.5')"],
  ['float8', 701, '1e+22', '1E+22', "Decimal('1E+22')"],
  ['float4', 700, '0.1', '0.1', "Decimal('0.1')"],
  ['bool', 16, 't', 'True', 'True'],
  ['date', 1082, '2024-01-02', '2024-01-02', 'datetime.date(2024, 1, 2)'],
  [
    'timestamp',
    1114,
    '2024-01-02 03:04:05.5',
    '2024-01-02 03:04:05.500000',
    'datetime.datetime(2024, 1, 2, 3, 4, 5, 500000)',
  ],
  [
    'timestamptz',
    1184,
    '2024-01-01 18:04:05+00',
    '2024-01-01 18:04:05+00:00',
    'datetime.datetime(2024, 1, 1, 18, 4, 5, tzinfo=<UTC>)',
  ],
  [
    'timestamptz',
    1184,
    '2024-01-01 18:04:05.25-03:30',
    '2024-01-01 18:04:05.250000-03:30',
    'datetime.datetime(2024, 1, 1, 18, 4, 5, 250000, tzinfo=pytz.FixedOffset(-210))',
  ],
  ['interval', 1186, '1 day 02:00:00', '1 day, 2:00:00', "'1 day, 2:00:00'"],
  ['interval', 1186, '1 mon -1 days +00:00:01.5', '29 days, 0:00:01.500000', "'29 days, 0:00:01.500000'"],
  [
    'jsonb',
    3802,
    '{"a": 1, "b": [1.50, null, "ü"]}',
    '{"a": 1, "b": [1.5, null, "\\u00fc"]}',
    '\'{"a": 1, "b": [1.5, null, "\\\\u00fc"]}\'',
  ],
  ['int4[]', 1007, '{1,2,NULL}', '[1, 2, null]', "'[1, 2, null]'"],
  ['text[]', 1009, '{a,"b c"}', '["a", "b c"]', '\'["a", "b c"]\''],
  [
    'uuid',
    2950,
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
  ],
])('%s of a query reaches a template as in dbt (%s, %s)', ([, oid, sent, printed, shown]) => {
  const value = (columnTypes.getTypeParser as (oid: number) => (text: string) => Value)(oid)(sent)
  expect([str(value), repr(value)]).toEqual([printed, shown])
})
