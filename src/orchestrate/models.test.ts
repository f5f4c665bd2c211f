import { expect, test } from 'vitest'
import type { NodeResult, NodeStatus } from '../transform/runner.ts'
import { problemOf } from './models.ts'

const node = (name: string, status: NodeStatus, message: string | null = null): NodeResult => ({
  uniqueId: `model.shop.${name}`,
  resourceType: 'model',
  status,
  message,
  relationName: null,
  executionSeconds: 0,
  failures: null,
})

test('dbt that ended well is no problem, whatever its nodes were', () => {
  expect(problemOf({ exitCode: 0, nodes: [node('a', 'success'), node('b', 'warn')] })).toBeUndefined()
})

test.each(['error', 'fail', 'partial success'] as const)(
  'a node that ended with %s is named, with what it says',
  (status) => {
    const nodes = [node('good', 'success'), node('bad', status, 'it says so'), node('after', 'skipped')]
    expect(problemOf({ exitCode: 1, nodes })?.facts).toEqual({ nodes: 'model.shop.bad', detail: 'it says so' })
  },
)

test('where no node went wrong the exit code is told', () => {
  expect(problemOf({ exitCode: 2, nodes: [] })?.facts).toMatchObject({ nodes: 'exit code 2' })
})
