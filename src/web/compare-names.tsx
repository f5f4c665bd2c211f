import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
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
        <DataTable
          label={said.names}
          rows={names}
          keyOf={({ platform, accountId }) => `${platform} ${accountId}`}
          columns={[
            {
              name: said.account,
              isHeader: true,
              cell: ({ name, platform }) => (
                <>
                  <span translate="no">{name}</span>
                  <small>{platformName(platform)}</small>
                </>
              ),
            },
            { name: said.campaigns, isNumber: true, cell: ({ campaigns }) => count(campaigns, language) },
            {
              name: said.matched,
              isNumber: true,
              cell: (row) => (
                <>
                  {isRead(row) ? count(row.matched, language) : said.unread}
                  {isRead(row) && <small>{share(part(row.matched, row.campaigns), language, 0)}</small>}
                </>
              ),
            },
            {
              name: said.violations,
              isNumber: true,
              cell: (row) => count(isRead(row) ? row.violations : null, language),
            },
            {
              name: said.ambiguous,
              isNumber: true,
              cell: (row) => count(isRead(row) ? row.ambiguous : null, language),
            },
            {
              name: said.leadBack,
              isNumber: true,
              cell: ({ told, leadBack, whyUntold }) => (
                <>
                  {told === 0 ? said.untold : count(leadBack, language)}
                  {told === 0 && whyUntold && <small>{whyUntold[language]}</small>}
                  {told > 0 && <small>{share(part(leadBack, told), language, 0)}</small>}
                </>
              ),
            },
          ]}
        />
      )}
    </Panel>
  )
}
