import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Compared } from './compare.tsx'
import { count, platformName, share } from './format.ts'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

const part = (some: number, all: number) => (all === 0 ? null : String(some / all))

/** Without rules nobody has read a name, which is not that none fits. */
const isRead = ({ matched, violations, ambiguous }: Compared['names'][number]) => matched + violations + ambiguous > 0

/** How far names follow the declared rules, and addresses lead back to their campaigns. */
export function NamesPanel({ query }: { readonly query: UseQueryResult<Compared> }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  return (
    <Panel
      name="names"
      title={said.names}
      sub={said.namesSub}
      query={query}
      heightPx={220}

      source={({ sources }) => sources['compare-names']}
    >
      {({ names }) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.names}>
          <table>
            <thead>
              <tr>
                <th scope="col">{said.account}</th>
                {[said.campaigns, said.matched, said.violations, said.ambiguous, said.leadBack].map((name) => (
                  <th key={name} scope="col" className="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {names.map((row) => (
                <tr key={`${row.platform} ${row.accountId}`}>
                  <th scope="row">
                    <span translate="no">{row.name}</span>
                    <small>{platformName(row.platform)}</small>
                  </th>
                  <td className="number">{count(row.campaigns, language)}</td>
                  <td className="number">
                    {isRead(row) ? count(row.matched, language) : said.unread}
                    {isRead(row) && <small>{share(part(row.matched, row.campaigns), language, 0)}</small>}
                  </td>
                  {[row.violations, row.ambiguous].map((some, at) => (
                    <td key={said[at === 0 ? 'violations' : 'ambiguous']} className="number">
                      {count(isRead(row) ? some : null, language)}
                    </td>
                  ))}
                  <td className="number">
                    {row.told === 0 ? said.untold : count(row.leadBack, language)}
                    {row.told > 0 && <small>{share(part(row.leadBack, row.told), language, 0)}</small>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
