import { bind } from './arguments.ts'
import { items, truth } from './operators.ts'
import { str } from './text.ts'
import type { CallArguments, Value } from './value.ts'

const WEB =
  /^(?:(?:https?:\/\/|www\.)(?:(?:[\p{L}\p{N}_%-]+\.)+)?(?:[a-z]{2,63}|xn--[\p{L}\p{N}_%]{2,59})|(?:[\p{L}\p{N}_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)|https?:\/\/(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\]))(?::\d{1,5})?(?:[/?#]\S*)?$/iu
const MAIL = /^\S+@[\p{L}\p{N}_][\p{L}\p{N}_.-]*\.[\p{L}\p{N}_]+$/u
const PAIRS = [
  ['(', ')'],
  ['<', '>'],
  ['&lt;', '&gt;'],
] as const

interface Word {
  readonly head: string
  readonly middle: string
  readonly tail: string
}

/** A word without the brackets and marks around it; a bracket that is closed within the address stays with it. */
function parted(word: string): Word {
  const head = /^(?:[(<]|&lt;)+/.exec(word)?.[0] ?? ''
  let middle = word.slice(head.length)
  let tail = /(?:[)>.,\n]|&gt;)+$/.exec(middle)?.[0] ?? ''
  middle = middle.slice(0, middle.length - tail.length)
  for (const [open, close] of PAIRS) {
    const opened = middle.split(open).length - 1
    if (opened <= middle.split(close).length - 1) continue
    for (let left = Math.min(opened, tail.split(close).length - 1); left > 0; left--) {
      const end = tail.indexOf(close) + close.length
      middle += tail.slice(0, end)
      tail = tail.slice(end)
    }
  }
  return { head, middle, tail }
}

interface Style {
  readonly limit: number | null
  readonly attributes: string
  readonly schemes: readonly string[]
}

function linked(text: string, { limit, attributes, schemes }: Style): string {
  const shown = limit !== null && text.length > limit ? `${text.slice(0, limit)}...` : text
  if (WEB.test(text)) {
    const address = /^https?:\/\//.test(text) ? text : `https://${text}`
    return `<a href="${address}"${attributes}>${shown}</a>`
  }
  if (text.startsWith('mailto:') && MAIL.test(text.slice(7))) return `<a href="${text}">${text.slice(7)}</a>`
  const isMail = text.includes('@') && !/^(?:www\.|@)/.test(text) && !text.includes(':') && MAIL.test(text)
  if (isMail) return `<a href="mailto:${text}">${text}</a>`
  const scheme = schemes.find((one) => text !== one && text.startsWith(one))
  return scheme === undefined ? text : `<a href="${text}"${attributes}>${text}</a>`
}

/** Jinja's `urlize`: addresses of the web and of mail in a text become links. `escaped` writes text as HTML. */
export function urlize(input: Value, call: CallArguments, escaped: (value: Value) => string): string {
  const names = ['trim_url_limit', 'nofollow', 'target', 'rel', 'extra_schemes'] as const
  const {
    trim_url_limit: limit = null,
    nofollow = false,
    target = null,
    rel = null,
    ...rest
  } = bind(call, names, 'urlize')
  const relations = new Set([
    'noopener',
    ...(rel === null ? [] : str(rel).split(/\s+/)),
    ...(truth(nofollow) ? ['nofollow'] : []),
  ])
  const shownRel = [...relations]
    .filter((one) => one !== '')
    .sort()
    .join(' ')
  const attributes = ` rel="${escaped(shownRel)}"${target === null ? '' : ` target="${escaped(target)}"`}`
  const schemes = items(rest.extra_schemes ?? []).map((scheme) => str(scheme))
  const style = { limit: limit === null ? null : Number(str(limit)), attributes, schemes }
  return escaped(input)
    .split(/(\s+)/)
    .map((word) => {
      const { head, middle, tail } = parted(word)
      return head + linked(middle, style) + tail
    })
    .join('')
}
