import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
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
        <DataTable
          label={said.restated}
          isTall
          rows={restated}
          keyOf={(row) => `${row.platform} ${row.accountId} ${row.date} ${row.metric} ${row.currency}`}
          columns={[
            { name: said.day, isHeader: true, cell: ({ date }) => date },
            {
              name: said.account,
              cell: ({ platform, accountId }) => (
                <>
                  {platformName(platform)} <small translate="no">{accountId}</small>
                </>
              ),
            },
            { name: said.metric, cell: ({ metric }) => said.metrics[metric] },
            { name: said.age, isNumber: true, cell: ({ ageDays }) => count(ageDays, language) },
            {
              name: said.change,
              isNumber: true,
              cell: (row) => `${row.difference.startsWith('-') ? '' : '+'}${amount(row.difference, row)}`,
            },
            { name: said.now, isNumber: true, cell: (row) => amount(row.now, row) },
            {
              name: said.ofFirst,
              isNumber: true,
              cell: (row) => signedShare(row.share === null ? null : Number(row.share), language),
            },
          ]}
        />
      )}
    </Panel>
  )
}
