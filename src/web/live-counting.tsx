import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { count, instant, undefinedMark } from './format.ts'
import type { LiveData } from './live.tsx'
import { reasonText } from './live-reasons.ts'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

interface Asked {
  readonly query: UseQueryResult<LiveData>
  readonly zone: string
}

/** How far each partition is counted, and what it has met. */
export function LiveCounting({ query, zone }: Asked): ReactNode {
  const { say, language } = useSpeech()
  const said = say.live
  const heads = [said.waiting, said.records, said.duplicates, said.invalid, said.late]
  return (
    <Panel
      name="counting"
      title={said.counting}
      sub={said.countingSub}
      query={query}
      heightPx={160}

      source={(data) => data.sources['live-state']}
    >
      {(data) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.counting}>
          <table>
            <thead>
              <tr>
                <th scope="col">{said.partition}</th>
                <th scope="col">{said.watermark}</th>
                <th scope="col">{said.committed}</th>
                {heads.map((name) => (
                  <th key={name} scope="col" className="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.partitions.map((one) => (
                <tr key={`${one.topic} ${one.partition}`}>
                  <th scope="row">
                    <span translate="no">
                      {one.topic}/{one.partition}
                    </span>
                    <small>{one.running ? said.running : said.resting}</small>
                  </th>
                  <td className="nowrap">{instant(one.watermark, zone)}</td>
                  <td className="nowrap">{instant(one.committedAt, zone)}</td>
                  <td className="number">{one.waiting === null ? undefinedMark : count(one.waiting, language)}</td>
                  <td className="number">{count(one.records, language)}</td>
                  <td className="number">{count(one.duplicates, language)}</td>
                  <td className="number">{count(one.invalid, language)}</td>
                  <td className="number">{count(one.late, language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

/** What the counters were held against, and how it came out. */
export function LiveReconciled({ query, zone }: Asked): ReactNode {
  const { say, language } = useSpeech()
  const said = say.live
  return (
    <Panel
      name="reconciled"
      title={said.reconciled}
      sub={said.reconciledSub}
      query={query}
      heightPx={160}

      source={(data) => data.sources['live-reconciled']}
    >
      {(data) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.reconciled}>
          <table>
            <thead>
              <tr>
                {[said.day, said.against, said.outcome].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
                <th scope="col" className="number">
                  {said.differing}
                </th>
                <th scope="col">{said.at}</th>
              </tr>
            </thead>
            <tbody>
              {data.reconciled.map((one) => (
                <tr key={`${one.day} ${one.kind}`}>
                  <th scope="row">{one.day}</th>
                  <td>{said.kinds[one.kind]}</td>
                  <td>
                    {said.outcomes[one.outcome]}
                    {one.detail !== '' && <small>{reasonText(one.detail, said, zone)}</small>}
                  </td>
                  <td className="number">
                    {one.outcome === 'not_measured'
                      ? undefinedMark
                      : said.of(count(one.differing, language), count(one.campaigns, language))}
                  </td>
                  <td className="nowrap">{instant(one.at, zone)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
