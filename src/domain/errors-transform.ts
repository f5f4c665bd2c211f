import type { ErrorTable } from './error-entry.ts'

export const transformErrors = {
  TRANSFORM_JINJA_SYNTAX: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'message'],
    en: {
      what: 'The template does not parse: {message} ({file}:{line}:{column})',
      why: 'Jinja could not read the tag or expression that begins there.',
      fix: 'Correct {file} at line {line}, column {column}.',
    },
    ko: {
      what: '템플릿을 해석할 수 없습니다: {message} ({file}:{line}:{column})',
      why: 'Jinja가 그 위치의 태그나 표현식을 읽지 못했습니다.',
      fix: '{file}의 {line}행 {column}열을 고치세요.',
    },
  },
  TRANSFORM_JINJA_RUNTIME: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'kind', 'message', 'stack'],
    en: {
      what: 'The template failed: {kind}: {message} ({file}:{line}:{column})',
      why: 'The expression there cannot be evaluated. Macro stack: {stack}.',
      fix: 'Correct {file} at line {line}, or the value that it was given.',
    },
    ko: {
      what: '템플릿 실행에 실패했습니다: {kind}: {message} ({file}:{line}:{column})',
      why: '그 위치의 표현식을 계산할 수 없습니다. 매크로 호출 순서: {stack}.',
      fix: '{file}의 {line}행, 또는 전달된 값을 고치세요.',
    },
  },
} as const satisfies ErrorTable
