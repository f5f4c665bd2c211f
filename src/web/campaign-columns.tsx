import type { ReactNode } from 'react'
import { useGo, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

const columns = ['cost', 'before', 'impressions', 'clicks', 'conversions', 'ctr', 'cpc', 'cvr', 'cpa', 'roas'] as const
export type CampaignColumn = (typeof columns)[number]

/** The columns that the address names, in their own order; all of them when it names none. */
export function useColumns(): readonly CampaignColumn[] {
  const wanted = new Set((useValues()['cols'] ?? '').split(','))
  const shown = columns.filter((name) => wanted.has(name))
  return shown.length === 0 ? columns : shown
}

/** Which columns are shown; the choice is in the address, so that a link shows the same. */
export function ColumnChooser(): ReactNode {
  const { say } = useSpeech()
  const said = say.campaigns
  const go = useGo()
  const shown = useColumns()
  const turn = (name: CampaignColumn, isOn: boolean) => {
    const next = columns.filter((one) => (one === name ? isOn : shown.includes(one)))
    go({ cols: next.length === columns.length || next.length === 0 ? undefined : next.join(',') })
  }
  return (
    <details className="chooser">
      <summary>{said.chooseColumns}</summary>
      <fieldset className="choices">
        <legend className="hidden">{said.chooseColumns}</legend>
        {columns.map((name) => (
          <label key={name} className="inline">
            <input
              type="checkbox"
              checked={shown.includes(name)}
              disabled={shown.length === 1 && shown.includes(name)}
              onChange={({ target }) => turn(name, target.checked)}
            />{' '}
            {said.columns[name]}
          </label>
        ))}
      </fieldset>
    </details>
  )
}
