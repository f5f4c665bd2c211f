import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { CheckLines } from './connection-lines.tsx'
import { ConnectionRenew } from './connection-renew.tsx'
import { ConnectionWizard } from './connection-wizard.tsx'
import { DataTable } from './data-table.tsx'
import { Dialog } from './dialog.tsx'
import { instant, platformName } from './format.ts'
import { useMay } from './me.ts'
import { ErrorBox, Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

type Connection = Answer<'GET /api/v1/connections'>['connections'][number]

/** What is done to a connection in a window of its own. */
type Deed = { readonly kind: 'add' } | { readonly kind: 'test' | 'renew' | 'real'; readonly one: Connection }

/** Ways to platforms, with what each role may do to them. */
export function Connections({ zone }: { readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connections
  const isAdmin = useMay('admin')
  const [deed, setDeed] = useState<Deed>()
  const query = useQuery({
    queryKey: ['connections', language],
    queryFn: ({ signal }) => call('GET /api/v1/connections', { lang: language, signal }),
  })
  const close = () => setDeed(undefined)
  return (
    <>
      <Panel
        name="connections"
        title={said.title}
        sub={said.sub}
        query={query}
        heightPx={160}

        none={said.none}
        actions={
          isAdmin && (
            <button type="button" onClick={() => setDeed({ kind: 'add' })}>
              {said.add}
            </button>
          )
        }
      >
        {({ connections }) => <ConnectionTable rows={connections} zone={zone} onDeed={setDeed} />}
      </Panel>
      {deed?.kind === 'add' && <ConnectionWizard onClose={close} />}
      {deed?.kind === 'real' && <ConnectionWizard instead={deed.one} onClose={close} />}
      {deed?.kind === 'test' && <TestDialog name={deed.one.name} onClose={close} />}
      {deed?.kind === 'renew' && <ConnectionRenew one={deed.one} onClose={close} />}
    </>
  )
}

interface ConnectionTableProps {
  readonly rows: readonly Connection[]
  readonly zone: string
  readonly onDeed: (deed: Deed) => void
}

function ConnectionTable({ rows, zone, onDeed }: ConnectionTableProps): ReactNode {
  const { say } = useSpeech()
  const said = say.connections
  const [mayTest, isAdmin] = [useMay('operator'), useMay('admin')]
  const act = (kind: 'test' | 'renew' | 'real', one: Connection, label: string, about: string) => (
    <button type="button" aria-label={about} onClick={() => onDeed({ kind, one })}>
      {label}
    </button>
  )
  return (
    <DataTable
      label={said.title}
      rows={rows}
      keyOf={(one) => one.name}
      columns={[
        {
          name: said.name,
          isHeader: true,
          cell: (one) => (
            <>
              <span translate="no">{one.name}</span>
              <small translate="no">{one.accounts.join(', ') || said.all}</small>
            </>
          ),
        },
        { name: said.platform, className: 'nowrap', cell: (one) => platformName(one.connector) },
        { name: said.place, cell: (one) => <code translate="no">{one.place}</code> },
        { name: said.keeps, cell: (one) => <span translate="no">{one.keeps.join(', ') || '–'}</span> },
        { name: said.ends, cell: (one) => instant(one.ends, zone, 'minute') },
        {
          name: said.state,
          cell: (one) => (
            <>
              {said.states[one.state]}
              {!one.isOpen && <small>{said.notOpen}</small>}
            </>
          ),
        },
        {
          name: said.actions,
          cell: (one) => (
            <span className="row">
              {mayTest && act('test', one, said.test, said.testOf(one.name))}
              {isAdmin && one.hasFile && one.keeps.length > 0 && act('renew', one, said.renew, said.renewOf(one.name))}
              {isAdmin && one.state === 'sandbox' && act('real', one, said.real, said.realOf(one.name))}
            </span>
          ),
        },
      ]}
    />
  )
}

function TestDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }): ReactNode {
  const { say, language } = useSpeech()
  const test = useQuery({
    queryKey: ['connection-test', name],
    queryFn: () => call('POST /api/v1/connections/:name/test', { params: { name }, lang: language }),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  })
  return (
    <Dialog title={say.connections.testOf(name)} onClose={onClose}>
      {test.isPending && <p role="status">{say.connections.testing}</p>}
      {test.error instanceof ApiError && <ErrorBox problem={test.error.problem} />}
      {test.data && <CheckLines lines={test.data.lines} />}
    </Dialog>
  )
}
