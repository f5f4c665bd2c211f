import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { areKeysOff } from './key-choice.ts'
import { screens } from './screens.ts'

const chordMs = 1_200

/** Keys that work everywhere: `g` and a letter to go, `[` and `]` for days, `t` the date, `/` search, `y` copies the link. */
export function useKeys(): void {
  const navigate = useNavigate()
  useEffect(() => {
    let isChord = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event) || areKeysOff()) return
      if (isChord) {
        isChord = false
        const screen = screens.find(({ key }) => key === event.key)
        if (screen) void navigate({ to: screen.path, search: (now: object) => now })
        return
      }
      if (event.key === 'g') {
        isChord = true
        clearTimeout(timer)
        timer = setTimeout(() => (isChord = false), chordMs)
        return
      }
      press(event)
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
      clearTimeout(timer)
    }
  }, [navigate])
}

/** Never while somebody writes, composes Hangul, or means a key of the browser. */
function isTyping({ target, isComposing, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const element = target instanceof HTMLElement ? target : null
  return (
    isComposing ||
    ctrlKey ||
    metaKey ||
    altKey ||
    element?.matches('input, textarea, select, [contenteditable]') === true
  )
}

const buttons: Readonly<Record<string, string>> = {
  '[': '.day button:first-child',
  ']': '.day button:last-child',
  y: '#copy-link',
}
const fields: Readonly<Record<string, string>> = { t: '#day', '/': '[type=search]' }

function press(event: KeyboardEvent): void {
  const button = buttons[event.key]
  if (button) document.querySelector<HTMLElement>(button)?.click()
  const field = fields[event.key]
  const found = field ? document.querySelector<HTMLElement>(field) : null
  if (!found) return
  event.preventDefault()
  found.focus()
}
