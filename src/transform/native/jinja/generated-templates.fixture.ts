/** Templates written at random from a seed: what Jinja2 has to say about each is asked of Jinja2. */

/** Numbers that follow from a seed alone (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const NAMES = "{% set a = [3, 1, 2] %}{% set d = {'x': 1, 'y': ['b', 'a']} %}{% set s = 'Hello World' %}{% set n = 7 %}{% set e = [] %}"

const literals = [
  '0', '1', '-2', '7', '12345678901234567890', '0.5', '2.0', '-1.25', "''", "'a'", "'Ab c'", "'ü'", "'it\\'s'", "'1'", 'true', 'false', 'none',
  '[]', '[1, 2]', "['b', 'a', 'b']", '(1, 2)', '{}', "{'k': 1, 2: 'v'}", '[[1, 2], [3]]', "[{'v': 1}, {'v': 2}]", 'a', 'd', 's', 'n', 'e', 'missing',
] as const

const filters = [
  'upper', 'lower', 'trim', 'length', 'list', "join('-')", "join(', ')", 'first', 'last', 'sort', 'sort(reverse=true)', 'unique | list', 'reverse | list', "default('z')",
  "default('z', true)", 'int', 'int(9)', 'float', 'string', "replace('l', 'L')", 'title', 'capitalize', 'abs', 'sum', 'min', 'max', 'round', 'round(1)', "round(1, 'floor')",
  'batch(2) | list', 'slice(2) | list', "map('upper') | list", "map(attribute='v') | list", "select('odd') | list", "reject('none') | list",
  "selectattr('v', 'equalto', 1) | list", 'dictsort', 'items | list', 'indent(2)', 'center(9)', 'wordcount', "truncate(5)", 'count',
] as const

const tests = ['none', 'defined', 'undefined', 'number', 'string', 'mapping', 'iterable', 'sequence', 'even', 'odd', 'divisibleby(2)', 'in [1, 2]', 'eq(1)', 'boolean', 'integer', 'float', 'callable', 'lower'] as const

const tails = ['[0]', '[-1]', '[1:]', '[:2]', '[::-1]', "['x']", '.x', ".get('x')", ".get('q', 5)", ".split(' ')", '.upper()', ".replace('o', '0')", ".startswith('H')", '.keys() | list', '.items() | list', '.count(1)', ".index(2)", '.strip()', ".join(['p', 'q'])", '.title()'] as const

const operators = ['+', '-', '*', '/', '//', '%', '~', '==', '!=', '<', '<=', '>', '>=', 'in', 'not in', 'and', 'or'] as const

class TemplateMaker {
  readonly #next: (below: number) => number
  constructor(seed: number) {
    this.#next = numbers(seed)
  }

  template(): string {
    return NAMES + this.#body(2)
  }

  #one<Item>(list: readonly Item[]): Item {
    return list[this.#next(list.length)]!
  }

  #expression(depth: number): string {
    const kind = depth === 0 ? 0 : this.#next(9)
    const inner = (): string => this.#expression(depth - 1)
    switch (kind) {
      case 1:
        return `(${inner()} ${this.#one(operators)} ${inner()})`
      case 2:
        return `(${inner()}) | ${this.#one(filters)}`
      case 3:
        return `(${inner()} is ${this.#one(['', 'not '])}${this.#one(tests)})`
      case 4:
        return `(${inner()})${this.#one(tails)}`
      case 5:
        return `(${inner()} if ${inner()} else ${inner()})`
      case 6:
        return this.#one([`not ${inner()}`, `-${inner()}`, `[${inner()}, ${inner()}]`])
      case 7:
        return `(${this.#one(literals)}) | ${this.#one(filters)}`
      case 8:
        return `(${this.#one(literals)} ${this.#one(operators)} ${this.#one(literals)})`
      default:
        return this.#one(literals)
    }
  }

  #body(depth: number): string {
    return Array.from({ length: 1 + this.#next(3) }, () => this.#statement(depth)).join(this.#one(['', ' ', '\n']))
  }

  #statement(depth: number): string {
    const [open, close] = this.#one([['{%', '%}'], ['{%-', '%}'], ['{%', '-%}']] as const)
    const tag = (text: string): string => `${open} ${text} ${close}`
    const output = `{{ ${this.#expression(2)} }}`
    if (depth === 0) return output
    const body = (): string => this.#body(depth - 1)
    switch (this.#next(9)) {
      case 0:
        return `${tag(`if ${this.#expression(1)}`)}${body()}${tag('else')}${body()}${tag('endif')}`
      case 1:
        return `${tag(`for i in ${this.#one(['a', 'd', 's', 'e', 'range(3)', "d.items()", '[[1, 2], [3, 4]]'])}`)}{{ loop.index }}{{ i }}${this.#one(['', '{{ loop.last }}', '{{ loop.length }}'])}${this.#one(['', '{% else %}none'])}${tag('endfor')}`
      case 2:
        return `${tag(`set v = ${this.#expression(2)}`)}{{ v }}`
      case 3:
        return `${tag('set v')}${body()}${tag('endset')}[{{ v | trim }}]`
      case 4:
        return `${tag('macro m(p, q=2)')}${'{{ p }}:{{ q }}'}${tag('endmacro')}{{ m(${this.#expression(1)}) }}`
      case 5:
        return `${tag(`filter ${this.#one(['upper', 'trim', "replace('e', 'E')"])}`)}${body()}${tag('endfilter')}`
      case 6:
        return `${tag('set ns = namespace(c=0)')}{% for i in a %}{% set ns.c = ns.c + i %}{% endfor %}{{ ns.c }}`
      case 7:
        return `${tag(`do a.append(${this.#expression(1)})`)}{{ a }}`
      default:
        return output
    }
  }
}

/** So many templates of a seed. */
export function generatedTemplates(seed: number, count: number): string[] {
  const maker = new TemplateMaker(seed)
  return Array.from({ length: count }, () => maker.template())
}
