import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { count, platformName, undefinedMark } from './format.ts'
import { ErrorBox } from './panel.tsx'
import { useSpeech } from './words.ts'

type Row = Answer<'GET /api/v1/runs/:runId/data'>['partitions'][number]

const rowsFirst = 60

/** What the run brought: each day of each account, its file, what loading it changed, and whether readers see it now. */
export function RunData({ runId, isOver }: { readonly runId: string; readonly isOver: boolean }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  const [all, setAll] = useState(false)
  const query = useQuery({
    queryKey: ['run-data', runId],
    queryFn: ({ signal }) => call('GET /api/v1/runs/:runId/data', { params: { runId }, signal }),
    refetchInterval: isOver ? false : 2_000,
  })
  if (query.error instanceof ApiError && !query.data) return <ErrorBox problem={query.error.problem} />
  if (!query.data) return <div className="skeleton" style={{ height: 240 }} />
  const { partitions } = query.data
  if (partitions.length === 0) return <p className="sub">{said.noData}</p>
  const sum = (of: (row: Row) => number | null) => partitions.reduce((total, row) => total + (of(row) ?? 0), 0)
  return (
    <>
      <p>
        {said.dataSummary(
          count(partitions.length, language),
          count(
            sum((row) => row.rows),
            language,
          ),
          count(
            sum((row) => (row.inserted ?? 0) + (row.updated ?? 0) + (row.deleted ?? 0)),
            language,
          ),
        )}
      </p>
      <DataTable rows={all ? partitions : partitions.slice(0, rowsFirst)} />
      {!all && partitions.length > rowsFirst && (
        <button type="button" onClick={() => setAll(true)}>
          {said.showAll(count(partitions.length, language))}
        </button>
      )}
    </>
  )
}

function DataTable({ rows }: { readonly rows: readonly Row[] }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  return (
    <div className="scroll tall" tabIndex={0} role="group" aria-label={said.views.data}>
      <table>
        <thead>
          <tr>
            <th scope="col">{said.day}</th>
            <th scope="col">{said.account}</th>
            <th scope="col" className="number">
              {said.rows}
            </th>
            <th scope="col">{said.changed}</th>
            <th scope="col">{said.outcome}</th>
            <th scope="col">{said.hash}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.extractId} ${row.date}`}>
              <th scope="row" className="nowrap">
                {row.date}
              </th>
              <td>
                {platformName(row.platform)} <span translate="no">{row.accountId}</span>
                <small translate="no" className="path">
                  {row.rawKey}
                </small>
              </td>
              <td className="number">{count(row.rows, language)}</td>
              <td className="nowrap">{changeOf(row)}</td>
              <td>
                {row.outcome === null ? undefinedMark : (said.outcomes[row.outcome] ?? row.outcome)}
                {!row.isShown && row.state !== null && <small>{said.notShown}</small>}
              </td>
              <td>
                <code translate="no">{row.hash?.slice(0, 12) ?? undefinedMark}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function changeOf({ inserted, updated, deleted }: Row): string {
  if (inserted === null) return undefinedMark
  return `+${inserted} ~${updated ?? 0} −${deleted ?? 0}`
}
