import { createContext, useContext } from 'react'
import { en } from './words-en.ts'
import { ko } from './words-ko.ts'

export type Language = 'en' | 'ko'

export const languages = ['en', 'ko'] as const

/** A catalogue with the keys of the English one; a missing key does not compile. */
export const words: Readonly<Record<Language, typeof en>> = { en, ko }

export interface Speech {
  readonly language: Language
  readonly say: typeof en
}

export const SpeechContext = createContext<Speech>({ language: 'en', say: en })

export function useSpeech(): Speech {
  return useContext(SpeechContext)
}
