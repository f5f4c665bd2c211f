import { expect, test } from 'vitest'
import { connectionLevels, levelsByAccount } from '../config-hub.ts'
import type { Connector } from '../connectors/connector.ts'
import type { Level } from '../domain/platform.ts'
import { levelsOf } from './ports.ts'

const connectorOf = (levels: readonly Level[]) => ({ spec: { levels } }) as unknown as Connector
const google = connectorOf(['campaign', 'ad_group', 'ad', 'asset_group'])
const meta = connectorOf(['campaign', 'ad_group', 'ad'])
const declared = (given: unknown) => levelsByAccount(connectionLevels.parse(given))

test.each([
  [undefined, '1', ['campaign']],
  [['ad'], '1', ['campaign', 'ad', 'asset_group']],
  [{ '123-456-7890': ['ad_group'], '*': [] }, '1234567890', ['campaign', 'ad_group', 'asset_group']],
  [{ '123-456-7890': ['ad_group'], '*': [] }, '1', ['campaign']],
  [{ '*': ['ad', 'ad_group'] }, '1', ['campaign', 'ad_group', 'ad', 'asset_group']],
])('levels %j of account %s are %j', (given, accountId, expected) => {
  expect(levelsOf({ connector: google, levels: declared(given) }, accountId)).toEqual(expected)
})

test('asset groups come only where the platform has them, and act_ is no part of an id', () => {
  expect(levelsOf({ connector: meta, levels: declared({ act_77: ['ad'] }) }, '77')).toEqual(['campaign', 'ad'])
  expect(levelsOf({ connector: meta }, '77')).toEqual(['campaign'])
  expect(connectionLevels.safeParse(['adset']).success).toBe(false)
})
