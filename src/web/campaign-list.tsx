import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { ApiError, call } from './client.ts'
import { Dialog } from './dialog.tsx'
import { count } from './format.ts'
import { ErrorBox } from './panel.tsx'
import { pastedMax, pastedNames } from './pasted.ts'
import { useGo, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

/** A filter by a list that is pasted, of up to ten thousand names or ids; the address keeps the list's short name. */
export function PasteList(): ReactNode {
  const { say, language } = useSpeech()
  const said = say.campaigns
  const go = useGo()
  const { selection } = useValues()
  const [isOpen, setOpen] = useState(false)
  const [text, setText] = useState('')
  const names = pastedNames(text)
  const keep = useMutation({
    mutationFn: () => call('POST /api/v1/campaigns/selections', { body: { names: [...names] }, lang: language }),
    onSuccess: (kept) => {
      setOpen(false)
      go({ selection: kept.selection })
    },
  })
  return (
    <div className="row">
      <button type="button" onClick={() => setOpen(true)}>
        {selection === undefined ? said.paste : said.pasteOther}
      </button>
      {selection !== undefined && (
        <button type="button" onClick={() => go({ selection: undefined })}>
          {said.pasteClear}
        </button>
      )}
      {isOpen && (
        <Dialog title={said.paste} onClose={() => setOpen(false)}>
          <label>
            <span className="label">{said.pasteHint}</span>
            <textarea rows={10} value={text} onChange={({ target }) => setText(target.value)} />
          </label>
          <p role="status">
            {said.pasteCount(count(names.length, language))}
            {names.length > pastedMax && ` ${said.pasteTooMany(count(pastedMax, language))}`}
          </p>
          {keep.error instanceof ApiError && <ErrorBox problem={keep.error.problem} />}
          <button
            type="button"
            className="primary"
            disabled={names.length === 0 || names.length > pastedMax || keep.isPending}
            onClick={() => keep.mutate()}
          >
            {said.pasteApply}
          </button>
        </Dialog>
      )}
    </div>
  )
}
