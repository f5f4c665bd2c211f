import { columnsOf, padded, wrapped } from './layout.ts'

/** A message before it is text or HTML: what both show, so that they cannot say different things. */
export interface Page {
  readonly language: 'en' | 'ko'
  readonly tone: 'good' | 'warn' | 'bad'
  readonly title: string
  readonly lead: string
  readonly sections: readonly Section[]
  readonly footer: string
}

export interface Section {
  readonly heading: string
  /** Label and value. */
  readonly rows?: readonly (readonly [string, string])[]
  /** A thing with lines about it. */
  readonly items?: readonly Item[]
}

export interface Item {
  readonly head: string
  readonly lines: readonly string[]
}

const width = 80

/** The page as plain text of at most 80 columns. */
export function pageText(page: Page): string {
  const lines = [
    page.title,
    '='.repeat(Math.min(width, columnsOf(page.title))),
    '',
    ...wrapped(page.lead, width),
    ...page.sections.flatMap((section) => ['', ...sectionText(section)]),
    '',
    '-- ',
    ...wrapped(page.footer, width),
  ]
  return `${lines.join('\n')}\n`
}

function sectionText({ heading, rows = [], items = [] }: Section): readonly string[] {
  const labelColumns = Math.max(0, ...rows.map(([label]) => columnsOf(label))) + 2
  const indent = ' '.repeat(labelColumns)
  return [
    heading,
    '-'.repeat(columnsOf(heading)),
    ...rows.flatMap(([label, value]) =>
      wrapped(value, width - labelColumns).map((line, at) => (at === 0 ? padded(label, labelColumns) : indent) + line),
    ),
    ...items.flatMap(({ head, lines }, at) => [
      ...(at > 0 && lines.length > 0 ? [''] : []),
      ...wrapped(head, width),
      ...lines.flatMap((line) => wrapped(line, width - 2).map((part) => `  ${part}`)),
    ]),
  ]
}

const colours: Readonly<Record<Page['tone'], string>> = { good: '#1a7f37', warn: '#9a6700', bad: '#cf222e' }

const cell = 'padding:4px 16px 4px 0;vertical-align:top;text-align:left;font-weight:normal'

/**
 * The page as a whole HTML document. Mail programs drop style sheets, so styles stand on the elements; a table of labels and values
 * because they have no better layout in common; no image and nothing from the network, so that nothing tells anyone it was opened.
 */
export function pageHtml(page: Page): string {
  const colour = colours[page.tone]
  return `<!doctype html>
<html lang="${page.language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${escaped(page.title)}</title></head>
<body style="margin:0;padding:24px;font:15px/1.5 system-ui,'Apple SD Gothic Neo','Malgun Gothic','Noto Sans KR',sans-serif">
<div style="max-width:640px;margin:0 auto">
<h1 style="font-size:20px;margin:0 0 8px;padding-left:12px;border-left:6px solid ${colour}">${escaped(page.title)}</h1>
<p style="margin:0 0 16px">${escaped(page.lead)}</p>
${page.sections.map(sectionHtml).join('\n')}
<p style="margin:24px 0 0;font-size:12px;opacity:.75">${escaped(page.footer)}</p>
</div>
</body>
</html>
`
}

function sectionHtml({ heading, rows = [], items = [] }: Section): string {
  const title = `<h2 style="font-size:16px;margin:24px 0 4px">${escaped(heading)}</h2>`
  const table = rows
    .map(
      ([label, value]) =>
        `<tr><th scope="row" style="${cell};white-space:nowrap;opacity:.75">${escaped(label)}</th><td style="${cell}">${escaped(value)}</td></tr>`,
    )
    .join('\n')
  const list = items
    .map(
      ({ head, lines }) =>
        `<li style="margin:0 0 8px"><b>${escaped(head)}</b>${lines.map((line) => `<br>${escaped(line)}`).join('')}</li>`,
    )
    .join('\n')
  return [
    title,
    rows.length > 0 ? `<table style="border-collapse:collapse">\n${table}\n</table>` : '',
    items.length > 0 ? `<ul style="margin:0;padding-left:20px">\n${list}\n</ul>` : '',
  ]
    .filter(Boolean)
    .join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text inside HTML: campaign names and a platform's error texts are other people's words and may hold markup. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
}
