import type { en } from './words-en.ts'

export interface Screen {
  readonly path: string
  readonly name: Exclude<keyof typeof en.nav, 'label'>
  /** Pressed behind `g`. */
  readonly key: string
}

/** The screens in the order of their worth. */
export const screens: readonly Screen[] = [
  { path: '/', name: 'overview', key: 'o' },
  { path: '/runs', name: 'runs', key: 'r' },
  { path: '/campaigns', name: 'campaigns', key: 'c' },
  { path: '/compare', name: 'compare', key: 'p' },
  { path: '/live', name: 'live', key: 'l' },
  { path: '/quality', name: 'quality', key: 'q' },
  { path: '/connectors', name: 'connectors', key: 'n' },
  { path: '/lineage', name: 'lineage', key: 'i' },
  { path: '/alerts', name: 'alerts', key: 'e' },
  { path: '/settings', name: 'settings', key: 's' },
  { path: '/access', name: 'access', key: 'a' },
]
