import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { count, instant, platformName } from './format.ts'
import type { OverviewData } from './overview.tsx'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

type Account = OverviewData['accounts'][number]
type PartitionDay = Account['days'][number]

/** A shape beside each colour, so that neither alone carries the state. */
const partitionMarks = { published: '✓', stale: '~', failed: '✕', missing: '!', not_due: '·' } as const

export function AccountsPanel({ query }: { readonly query: UseQueryResult<OverviewData> }): ReactNode {
  const { say } = useSpeech()
  const said = say.overview
  return (
    <Panel
      name="accounts"
      title={said.in}
      sub={said.inSub}
      query={query}
      heightPx={260}
      className="wide"

      source={(data) => data.sources['brief-accounts']}
    >
      {(data) => <AccountsTable data={data} />}
    </Panel>
  )
}

function AccountsTable({ data }: { readonly data: OverviewData }): ReactNode {
  const { say } = useSpeech()
  const said = say.overview
  const dates = data.accounts[0]?.days.map(({ date }) => date) ?? []
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={said.in}>
      <table className="accounts">
        <thead>
          <tr>
            <th scope="col">{said.account}</th>
            {dates.map((date) => (
              <th key={date} scope="col" className="cell">
                {date.slice(5)}
              </th>
            ))}
            <th scope="col" className="number">
              {said.rows}
            </th>
            <th scope="col">{said.totals}</th>
            <th scope="col">{said.zone}</th>
          </tr>
        </thead>
        <tbody>
          {data.accounts.map((account) => (
            <AccountRow key={`${account.platform} ${account.accountId}`} account={account} zone={data.zone} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function AccountRow({ account, zone }: { readonly account: Account; readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview
  const last = account.days.at(-1)
  return (
    <tr>
      <th scope="row">
        <span translate="no">{account.name}</span>
        <small>
          {platformName(account.platform)} · <span translate="no">{account.accountId}</span> · {account.currency}
        </small>
      </th>
      {account.days.map((day) => (
        <DayCell key={day.date} day={day} zone={zone} />
      ))}
      <td className="number">
        {last && last.state !== 'missing' && last.state !== 'not_due' ? count(last.rows, language) : '–'}
      </td>
      <td>
        {said.totalsStates[account.totals]}
        {last?.completeness && <small>{said.completeness[last.completeness]}</small>}
        {last && last.restated > 0 && <small>{said.restatedCell(count(last.restated, language))}</small>}
      </td>
      <td translate="no">{account.zone}</td>
    </tr>
  )
}

function DayCell({ day, zone }: { readonly day: PartitionDay; readonly zone: string }): ReactNode {
  const { say } = useSpeech()
  const word = say.overview.partitionStates[day.state]
  const at = day.publishedAt === null ? '' : ` · ${instant(day.publishedAt, zone)}`
  return (
    <td className="cell">
      <span
        className={`mark mark-${day.state} ${day.completeness === 'final' ? '' : 'mark-open'}`}
        title={`${day.date} · ${word}${at}${day.problem ? ` · ${day.problem}` : ''}`}
      >
        <span aria-hidden="true">{partitionMarks[day.state]}</span>
        <span className="hidden">{word}</span>
      </span>
    </td>
  )
}
