import { useEffect } from 'react'
import { useAddress } from './screen.ts'
import type { Language } from './words.ts'

const languageKey = 'millrace.lang'

/** The address goes before what was chosen last, and that before what the browser asks for. */
export function useLanguage(): Language {
  const { lang } = useAddress()
  useEffect(() => {
    if (lang) localStorage.setItem(languageKey, lang)
  }, [lang])
  if (lang) return lang
  const kept = localStorage.getItem(languageKey)
  if (kept === 'ko' || kept === 'en') return kept
  return navigator.language.startsWith('ko') ? 'ko' : 'en'
}

/** Dark or light by the address, else as the system is. */
export function useTheme(): void {
  const { theme } = useAddress()
  useEffect(() => {
    if (theme) document.documentElement.dataset['theme'] = theme
    else delete document.documentElement.dataset['theme']
  }, [theme])
}
