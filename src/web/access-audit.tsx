import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
import { call } from './client.ts'
import { instant } from './format.ts'
import { Panel } from './panel.tsx'
import { useProject } from './screen.ts'
import { useSpeech } from './words.ts'

const linesShown = 100

/** Who did what. A deed that is under way or whose process died is `begun` and nothing else. */
export function AccessAudit(): ReactNode {
  const { say, language } = useSpeech()
  const zone = useProject().data?.zone ?? 'UTC'
  const query = useQuery({
    queryKey: ['audit', language],
    queryFn: ({ signal }) => call('GET /api/v1/audit', { query: { limit: linesShown }, lang: language, signal }),
    refetchInterval: 30_000,
  })
  return (
    <Panel name="audit" title={say.access.audit} sub={say.access.auditSub} query={query} heightPx={320}>
      {({ lines }) => (
        <DataTable
          label={say.access.audit}
          rows={lines}
          keyOf={({ auditId }) => auditId}
          columns={[
            { name: say.access.at, cell: ({ at }) => instant(at, zone) },
            { name: say.access.who, isVerbatim: true, cell: ({ who }) => <bdi>{who}</bdi> },
            { name: say.access.did, isVerbatim: true, cell: ({ action }) => action },
            { name: say.access.subject, isVerbatim: true, cell: ({ subject }) => <bdi>{subject}</bdi> },
            { name: say.access.outcome, cell: ({ outcome }) => say.access.outcomes[outcome] },
            { name: say.access.origin, isVerbatim: true, cell: ({ origin }) => origin },
          ]}
        />
      )}
    </Panel>
  )
}
