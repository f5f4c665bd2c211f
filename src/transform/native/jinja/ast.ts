/** The tree that the parser builds and the code generator reads. `at` is a packed position (failure.ts). */

export interface Parameter {
  readonly name: string
  readonly fallback: Expression | null
}

export interface CallParts {
  readonly positional: readonly Expression[]
  readonly keyword: readonly (readonly [string, Expression])[]
  readonly spread: Expression | null
  readonly spreadKeyword: Expression | null
}

export type Constant = null | boolean | string | number | bigint
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'
export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**'

export interface Call extends CallParts {
  readonly kind: 'call'
  readonly callee: Expression
  readonly at: number
}

export interface Filter extends CallParts {
  readonly kind: 'filter'
  readonly name: string
  /** Null inside `{% filter %}` and `{% set x | f %}`: the captured text is the input. */
  readonly input: Expression | null
  readonly at: number
}

export interface Slice {
  readonly kind: 'slice'
  readonly start: Expression | null
  readonly stop: Expression | null
  readonly step: Expression | null
}

export type Expression =
  | { readonly kind: 'constant'; readonly value: Constant }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | { readonly kind: 'tuple' | 'list' | 'concat'; readonly items: readonly Expression[]; readonly at: number }
  | { readonly kind: 'dict'; readonly items: readonly (readonly [Expression, Expression])[]; readonly at: number }
  | {
      readonly kind: 'condition'
      readonly test: Expression
      readonly chosen: Expression
      readonly otherwise: Expression | null
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'sign'; readonly negative: boolean; readonly operand: Expression; readonly at: number }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
      readonly at: number
    }
  | {
      readonly kind: 'compare'
      readonly first: Expression
      readonly rest: readonly (readonly [ComparisonOperator, Expression])[]
      readonly at: number
    }
  | { readonly kind: 'attribute'; readonly object: Expression; readonly name: string; readonly at: number }
  | { readonly kind: 'item'; readonly object: Expression; readonly key: Expression | Slice; readonly at: number }
  | Slice
  | Call
  | Filter
  | {
      readonly kind: 'test'
      readonly name: string
      readonly subject: Expression
      readonly call: CallParts
      readonly at: number
    }

export type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'namespace'; readonly name: string; readonly attribute: string }
  | { readonly kind: 'tuple'; readonly items: readonly Target[] }

/** The named blocks that dbt adds to Jinja, beside `macro`. */
export type BlockTag = 'macro' | 'materialization' | 'test' | 'data_test' | 'snapshot' | 'docs'

/** A definition; `start` and `end` delimit its text in the source, tags included. */
export interface Definition {
  readonly kind: 'macro'
  readonly tag: BlockTag
  /** The name that dbt registers: `test_x`, `materialization_x_adapter`, `snapshot_x`, `dbt_docs__x` or the macro's own. */
  readonly name: string
  /** The name as written. */
  readonly label: string
  readonly parameters: readonly Parameter[]
  readonly supportedLanguages: readonly string[] | null
  readonly body: readonly Statement[]
  readonly start: number
  readonly end: number
  readonly at: number
}

export type Statement =
  | { readonly kind: 'data'; readonly text: string }
  | { readonly kind: 'output'; readonly expression: Expression; readonly at: number }
  | { readonly kind: 'do'; readonly expression: Expression; readonly at: number }
  | { readonly kind: 'set'; readonly target: Target; readonly expression: Expression; readonly at: number }
  | {
      readonly kind: 'set_block'
      readonly target: Target
      readonly filter: Filter | null
      readonly body: readonly Statement[]
      readonly at: number
    }
  | { readonly kind: 'filter_block'; readonly filter: Filter; readonly body: readonly Statement[]; readonly at: number }
  | {
      readonly kind: 'with'
      readonly targets: readonly (readonly [Target, Expression])[]
      readonly body: readonly Statement[]
      readonly at: number
    }
  | {
      readonly kind: 'if'
      readonly test: Expression
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
      readonly at: number
    }
  | {
      readonly kind: 'for'
      readonly target: Target
      readonly items: Expression
      readonly test: Expression | null
      readonly recursive: boolean
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
      readonly at: number
    }
  | {
      readonly kind: 'call_block'
      readonly parameters: readonly Parameter[]
      readonly call: Call
      readonly body: readonly Statement[]
      readonly at: number
    }
  | { readonly kind: 'break' | 'continue'; readonly at: number }
  | Definition
