import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Compared } from './compare.tsx'
import { count, money, platformName, signedShare } from './format.ts'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

type Row = Compared['restated'][number]

/** Numbers that became other numbers after they had been published, from the ledger of the loads. */
export function RestatedPanel({ query }: { readonly query: UseQueryResult<Compared> }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  const amount = (text: string, { currency }: Row) =>
    currency === null ? count(text, language) : money(text, currency, language)
  return (
    <Panel
      name="restated"
      title={said.restated}
      sub={said.restatedSub}
      query={query}
      heightPx={220}

      source={({ sources }) => sources['compare-restated']}
    >
      {({ restated }) => (
        <div className="scroll tall" tabIndex={0} role="group" aria-label={said.restated}>
          <table>
            <thead>
              <tr>
                {[said.day, said.account, said.metric].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
                {[said.age, said.change, said.now, said.ofFirst].map((name) => (
                  <th key={name} scope="col" className="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {restated.map((row) => (
                <tr key={`${row.platform} ${row.accountId} ${row.date} ${row.metric} ${row.currency}`}>
                  <th scope="row">{row.date}</th>
                  <td>
                    {platformName(row.platform)} <small translate="no">{row.accountId}</small>
                  </td>
                  <td>{said.metrics[row.metric]}</td>
                  <td className="number">{count(row.ageDays, language)}</td>
                  <td className="number">
                    {row.difference.startsWith('-') ? '' : '+'}
                    {amount(row.difference, row)}
                  </td>
                  <td className="number">{amount(row.now, row)}</td>
                  <td className="number">{signedShare(row.share === null ? null : Number(row.share), language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
