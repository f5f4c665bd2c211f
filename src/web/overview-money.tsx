import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { changeShare, count, money, platformName, share, signedShare } from './format.ts'
import type { OverviewData } from './overview.tsx'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

type MoneyRow = OverviewData['money'][number]

/** The figures of each currency by itself: nothing is summed over currencies, and every ratio is a ratio of sums. */
export function MoneyPanel({ query }: { readonly query: UseQueryResult<OverviewData> }): ReactNode {
  const { say } = useSpeech()
  const said = say.overview
  return (
    <Panel
      name="money"
      title={said.money}
      sub={said.moneySub}
      query={query}
      heightPx={180}

      source={(data) => data.sources['brief-money']}
    >
      {(data) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.money}>
          <table>
            <thead>
              <tr>
                <th scope="col">{said.currency}</th>
                {[said.cost, said.median, said.conversions, said.cpa, said.roas, said.ctr].map((name) => (
                  <th key={name} scope="col" className="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.money.map((row) => (
                <CurrencyRow key={row.currency} row={row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

function CurrencyRow({ row }: { readonly row: MoneyRow }): ReactNode {
  const { language } = useSpeech()
  const cell = (text: string, now: string | null, before: string | null) => (
    <td className="number">
      {text}
      <small className="change">{signedShare(changeShare(now, before), language)}</small>
    </td>
  )
  return (
    <tr>
      <th scope="row">{row.currency}</th>
      {cell(money(row.cost, row.currency, language), row.cost, row.costBefore)}
      <td className="number">{money(row.costMedian, row.currency, language)}</td>
      {cell(count(row.conversions, language), row.conversions, row.conversionsBefore)}
      {cell(money(row.cpa, row.currency, language), row.cpa, row.cpaBefore)}
      {cell(count(row.roas, language), row.roas, row.roasBefore)}
      {cell(share(row.ctr, language), row.ctr, row.ctrBefore)}
    </tr>
  )
}

/** Who moved the cost: by what each contributed to the change, not by its own percent. */
export function MoversPanel({ query }: { readonly query: UseQueryResult<OverviewData> }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview
  return (
    <Panel
      name="movers"
      title={said.movers}
      sub={said.moversSub}
      query={query}
      heightPx={260}

      source={(data) => data.sources['brief-movers']}
    >
      {(data) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.movers}>
          <table>
            <thead>
              <tr>
                <th scope="col">{said.campaign}</th>
                <th scope="col" className="number">
                  {said.cost}
                </th>
                <th scope="col" className="number">
                  {said.change}
                </th>
                <th scope="col" className="number">
                  {said.conversionsChange}
                </th>
              </tr>
            </thead>
            <tbody>
              {data.movers.map((row) => (
                <tr key={`${row.platform} ${row.accountId} ${row.campaignId}`}>
                  <th scope="row">
                    <bdi translate="no" className="name">
                      {row.campaignName}
                    </bdi>
                    <small>{platformName(row.platform)}</small>
                  </th>
                  <td className="number">{money(row.cost, row.currency, language)}</td>
                  <td className="number">{signed(money(row.costChange, row.currency, language))}</td>
                  <td className="number">{signed(count(row.conversionsChange, language))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

const signed = (text: string) => (/^[-–]/.test(text) ? text : `+${text}`)
