import type { Language } from '../domain/errors.ts'
import type { BootState } from './boot.ts'

const words = {
  en: { title: 'Millrace is starting', wait: 'This page looks again every second.' },
  ko: { title: 'Millrace 시작 중', wait: '이 화면은 1초마다 다시 확인합니다.' },
} as const satisfies Record<Language, unknown>

const marks = { opening: '…', open: '✓', failed: '✕' } as const

/** The stages of the start as a page without any script or style file: there from the first moment. */
export function bootHtml({ stages, error }: BootState, language: Language): string {
  const { title, wait } = words[language]
  const items = stages.map(
    ({ part, state, place, seconds }) =>
      `<li>${marks[state]} ${escaped(part)} <small>${escaped(place)}${state === 'open' ? ` ${seconds.toFixed(1)} s` : ''}</small></li>`,
  )
  const said = error?.explain(language)
  const trouble = said
    ? `<p><b>${escaped(said.code)}</b> ${escaped(said.what)}<br>${escaped(said.why)}<br>${escaped(said.fix)}</p>`
    : ''
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="1"><title>${title}</title></head>
<body><main><h1>${title}</h1><ol>${items.join('')}</ol>${trouble}<p><small>${wait}</small></p></main></body></html>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
