import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { ApiError, call } from './client.ts'
import type { Taken } from './import-plan.tsx'
import { ImportPlan } from './import-plan.tsx'
import { useMay } from './me.ts'
import { ErrorBox } from './panel.tsx'
import { useSpeech } from './words.ts'

/** A place to drop a file; what was understood of it is seen before anything is loaded. */
export function ImportFile(): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connections
  const mayLoad = useMay('operator')
  const [isOver, setOver] = useState(false)
  const send = useMutation({
    mutationFn: (file: File): Promise<Taken> =>
      call('POST /api/v1/imports', { query: { name: file.name }, bytes: file, lang: language }),
  })
  if (!mayLoad) return null
  const take = (files: FileList | null) => {
    const [file] = files ?? []
    if (file) send.mutate(file)
  }
  return (
    <section className="panel" aria-labelledby="import-title">
      <header className="panel-head">
        <div>
          <h2 id="import-title">{said.importing}</h2>
          <p className="sub">{said.importSub}</p>
        </div>
      </header>
      {send.data ? (
        <ImportPlan key={send.data.importId} taken={send.data} onAnother={() => send.reset()} />
      ) : (
        <div
          className={isOver ? 'drop drop-over' : 'drop'}
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault()
            setOver(false)
            take(event.dataTransfer.files)
          }}
        >
          <label>
            {said.drop} <span className="label">{said.choose}</span>
            <input type="file" disabled={send.isPending} onChange={({ target }) => take(target.files)} />
          </label>
          {send.isPending && <progress aria-label={say.states.loading} />}
        </div>
      )}
      {send.error instanceof ApiError && <ErrorBox problem={send.error.problem} />}
    </section>
  )
}
