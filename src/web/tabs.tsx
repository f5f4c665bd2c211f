import { useId, useRef } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'

interface TabsProps<Name extends string> {
  readonly label: string
  readonly names: readonly Name[]
  readonly words: Readonly<Record<Name, string>>
  readonly shown: Name
  readonly onChoose: (name: Name) => void
  readonly children: ReactNode
}

/** Views of one thing: arrow keys go from one to the next, Tab into what is shown. */
export function Tabs<Name extends string>({
  label,
  names,
  words,
  shown,
  onChoose,
  children,
}: TabsProps<Name>): ReactNode {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const at = names.indexOf(shown)
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: names.length - 1 }[event.key]
    const name = next === undefined ? undefined : names.at(next % names.length)
    if (name === undefined) return
    event.preventDefault()
    onChoose(name)
    list.current?.querySelectorAll('button')[names.indexOf(name)]?.focus()
  }
  return (
    <>
      <div ref={list} className="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {names.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === shown}
            aria-controls={`${id}-panel`}
            tabIndex={name === shown ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {words[name]}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown}`} className="stack">
        {children}
      </div>
    </>
  )
}
