import type { ErrorTable } from './error-entry.ts'

const files = {
  FILES_UNREADABLE: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'reason'],
    en: {
      what: 'The file {file} cannot be read',
      why: 'The operating system says: {reason}.',
      fix: 'Check the path and its permissions; quote a path with spaces in the shell.',
    },
    ko: {
      what: '파일 {file}을(를) 읽을 수 없습니다',
      why: '운영 체제의 답: {reason}.',
      fix: '경로와 권한을 확인하세요. 공백이 있는 경로는 셸에서 따옴표로 묶으세요.',
    },
  },
  FILES_WORKBOOK: {
    exit: 'usage',
    retryable: false,
    facts: ['file'],
    en: {
      what: '{file} is an Excel workbook, and workbooks are not read',
      why: 'A workbook has sheets, formulas and numbers as they are shown; which of them was exported it does not say.',
      fix: 'Save the sheet as text: in Excel File → Save As → “CSV UTF-8 (Comma delimited)”, in Google Sheets File → Download → CSV; or export as CSV from the platform, which keeps every digit.',
    },
    ko: {
      what: '{file}은(는) 엑셀 통합 문서이며, 통합 문서는 읽지 않습니다',
      why: '통합 문서에는 시트와 수식, 표시용 숫자가 있어 무엇이 내보낸 값인지 알 수 없습니다.',
      fix: '시트를 텍스트로 저장하세요. 엑셀: 파일 → 다른 이름으로 저장 → “CSV UTF-8(쉼표로 분리)”, 구글 시트: 파일 → 다운로드 → CSV. 플랫폼에서 바로 CSV로 내보내면 모든 자릿수가 남습니다.',
    },
  },
  FILES_PACKED: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'format'],
    en: {
      what: '{file} is packed ({format})',
      why: 'Files are read as they are; what is packed may hold several.',
      fix: 'Unpack it first, for example with unzip or gunzip, and import what is in it.',
    },
    ko: {
      what: '{file}은(는) 압축되어 있습니다({format})',
      why: '파일은 있는 그대로 읽습니다. 압축 파일에는 여러 파일이 있을 수 있습니다.',
      fix: '먼저 unzip이나 gunzip 등으로 풀고 그 안의 파일을 가져오세요.',
    },
  },
  FILES_ENCODING: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'encoding'],
    en: {
      what: '{file} is not written in {encoding}',
      why: 'It holds bytes that this encoding does not have, so names would be damaged.',
      fix: 'Name the file’s encoding in the mapping, for example file.encoding: euc-kr or windows-1252.',
    },
    ko: {
      what: '{file}의 인코딩은 {encoding}이(가) 아닙니다',
      why: '이 인코딩에 없는 바이트가 있어 이름이 깨집니다.',
      fix: '매핑에 파일의 인코딩을 적으세요. 예: file.encoding: euc-kr.',
    },
  },
  FILES_CSV_BROKEN: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'reason'],
    en: {
      what: '{file}:{line}: this is no CSV',
      why: '{reason}.',
      fix: 'Look at that line: most often a quotation mark was opened and never closed.',
    },
    ko: {
      what: '{file}:{line}: CSV 형식이 아닙니다',
      why: '{reason}.',
      fix: '해당 줄을 확인하세요. 대개 열린 따옴표가 닫히지 않은 경우입니다.',
    },
  },
  FILES_JSON_BROKEN: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'reason'],
    en: {
      what: '{file}:{line}: this is no JSON object',
      why: 'A file of JSON lines has one object a line. {reason}.',
      fix: 'Look at that line; a JSON list has to be written as lines first, for example with jq -c ".[]".',
    },
    ko: {
      what: '{file}:{line}: JSON 객체가 아닙니다',
      why: 'JSON 줄 파일은 한 줄에 객체 하나입니다. {reason}.',
      fix: '해당 줄을 확인하세요. JSON 목록은 먼저 줄로 바꿔야 합니다. 예: jq -c ".[]".',
    },
  },
  FILES_PARQUET_BROKEN: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'reason'],
    en: {
      what: '{file} cannot be read as Parquet',
      why: 'It begins like a Parquet file, and then: {reason}.',
      fix: 'Export or download the file again; it may be cut off.',
    },
    ko: {
      what: '{file}을(를) Parquet로 읽을 수 없습니다',
      why: 'Parquet 파일처럼 시작하지만: {reason}.',
      fix: '파일을 다시 내보내거나 내려받으세요. 잘렸을 수 있습니다.',
    },
  },
  FILES_EMPTY: {
    exit: 'usage',
    retryable: false,
    facts: ['file'],
    en: {
      what: '{file} is empty',
      why: 'A file needs a line with the names of its columns at least.',
      fix: 'Export the report again.',
    },
    ko: {
      what: '{file}이(가) 비어 있습니다',
      why: '파일에는 적어도 열 이름이 있는 줄이 있어야 합니다.',
      fix: '보고서를 다시 내보내세요.',
    },
  },
  FILES_MAPPING_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'reason'],
    en: {
      what: '{file}:{line}:{column}: the mapping is not understood',
      why: '{reason}.',
      fix: 'docs/guide/import.md shows a mapping with every setting.',
    },
    ko: {
      what: '{file}:{line}:{column}: 매핑을 이해할 수 없습니다',
      why: '{reason}.',
      fix: '모든 설정이 있는 매핑 예시는 docs/guide/import.md에 있습니다.',
    },
  },
} as const satisfies ErrorTable

const columns = {
  FILES_COLUMN_UNKNOWN: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'field', 'header', 'near', 'found'],
    en: {
      what: '{file}:{line}: there is no column "{header}", which the mapping names for {field}',
      why: 'Alike: {near}. All columns of the line that looks most like the header: {found}.',
      fix: 'Correct columns.{field} in the mapping, or name the delimiter or the header line under file.',
    },
    ko: {
      what: '{file}:{line}: 매핑이 {field}에 지정한 "{header}" 열이 없습니다',
      why: '비슷한 열: {near}. 머리글로 보이는 줄의 모든 열: {found}.',
      fix: '매핑의 columns.{field}를 고치거나 file 아래에 구분자나 머리글 줄을 지정하세요.',
    },
  },
  FILES_COLUMN_AMBIGUOUS: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'field', 'header', 'count'],
    en: {
      what: '{file}:{line}: {count} columns are called "{header}"',
      why: 'The mapping names it for {field}, and one of them must be chosen.',
      fix: 'Write columns.{field} as a header with its number: header: "{header}", nth: 1.',
    },
    ko: {
      what: '{file}:{line}: "{header}" 열이 {count}개입니다',
      why: '매핑이 {field}에 지정한 열이므로 하나를 골라야 합니다.',
      fix: 'columns.{field}에 번호를 함께 쓰세요. 예: header: "{header}", nth: 1.',
    },
  },
} as const satisfies ErrorTable

const values = {
  FILES_NUMBER_INVALID: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'column', 'field', 'value', 'format'],
    en: {
      what: '{file}:{line}:{column}: "{value}" is no number for {field}',
      why: 'Numbers are read as {format}.',
      fix: 'Correct numbers.decimal and numbers.group in the mapping, or the value in the file.',
    },
    ko: {
      what: '{file}:{line}:{column}: "{value}"은(는) {field}의 숫자가 아닙니다',
      why: '숫자 형식: {format}.',
      fix: '매핑의 numbers.decimal과 numbers.group 또는 파일의 값을 고치세요.',
    },
  },
  FILES_DATE_INVALID: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'column', 'value', 'format'],
    en: {
      what: '{file}:{line}:{column}: "{value}" is no day',
      why: 'Days are read as {format}.',
      fix: 'Correct dates in the mapping. If this line holds totals, name its first word under file.totals.',
    },
    ko: {
      what: '{file}:{line}:{column}: "{value}"은(는) 날짜가 아닙니다',
      why: '날짜 형식: {format}.',
      fix: '매핑의 dates를 고치세요. 합계 줄이라면 첫 단어를 file.totals에 적으세요.',
    },
  },
  FILES_VALUE_MISSING: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'column', 'field'],
    en: {
      what: '{file}:{line}:{column}: there is no {field}',
      why: 'A row without its day or its campaign has no place among the facts.',
      fix: 'Fill it in; if this line holds totals, name its first word under file.totals in the mapping.',
    },
    ko: {
      what: '{file}:{line}:{column}: {field} 값이 없습니다',
      why: '날짜나 캠페인이 없는 행은 저장할 자리가 없습니다.',
      fix: '값을 채우세요. 합계 줄이라면 첫 단어를 매핑의 file.totals에 적으세요.',
    },
  },
  FILES_CURRENCY_INVALID: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'column', 'value'],
    en: {
      what: '{file}:{line}:{column}: "{value}" is no currency',
      why: 'Amounts carry an ISO 4217 code in capitals, for example KRW, USD or EUR.',
      fix: 'Leave columns.currency out of the mapping if the file has one currency, and give it with --currency.',
    },
    ko: {
      what: '{file}:{line}:{column}: "{value}"은(는) 통화가 아닙니다',
      why: '금액에는 KRW, USD, EUR처럼 대문자 ISO 4217 코드가 붙습니다.',
      fix: '파일의 통화가 하나라면 매핑에서 columns.currency를 빼고 --currency로 지정하세요.',
    },
  },
  FILES_RATIO_DIFFERS: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'column', 'ratio', 'found', 'expected'],
    en: {
      what: '{file}:{line}:{column}: {ratio} is {found}, and the row’s own numbers give {expected}',
      why: 'A ratio follows from the sums beside it; where it does not, a column was most likely taken for another.',
      fix: 'Look at columns in the mapping (clicks of all kinds or of links?), or take the ratio out of ratios.',
    },
    ko: {
      what: '{file}:{line}:{column}: {ratio}이(가) {found}인데 같은 행의 숫자로는 {expected}입니다',
      why: '비율은 옆의 합계에서 나옵니다. 그렇지 않다면 다른 열을 잘못 지정했을 가능성이 큽니다.',
      fix: '매핑의 columns를 확인하거나(전체 클릭인지 링크 클릭인지) ratios에서 해당 비율을 빼세요.',
    },
  },
  FILES_DAYS_SPANNED: {
    exit: 'usage',
    retryable: false,
    facts: ['file', 'line', 'column', 'date', 'value'],
    en: {
      what: '{file}:{line}:{column}: the row goes from {date} to {value}',
      why: 'A row must be about one day: numbers of several days cannot be told apart any more.',
      fix: 'Export the report again with a breakdown by day.',
    },
    ko: {
      what: '{file}:{line}:{column}: 이 행은 {date}부터 {value}까지입니다',
      why: '한 행은 하루여야 합니다. 여러 날의 숫자는 나눌 수 없습니다.',
      fix: '일별 분류로 보고서를 다시 내보내세요.',
    },
  },
  FILES_NOT_UNDERSTOOD: {
    exit: 'usage',
    retryable: false,
    facts: ['count', 'list'],
    en: {
      what: '{count} things in the files were not understood; nothing was imported',
      why: '{list}.',
      fix: 'Correct the mapping or the files; millrace import … --dry-run shows all of them and the first mapped rows.',
    },
    ko: {
      what: '파일에서 {count}건을 이해할 수 없어 아무것도 가져오지 않았습니다',
      why: '{list}.',
      fix: '매핑이나 파일을 고치세요. millrace import … --dry-run이 전체 목록과 첫 매핑 결과를 보여 줍니다.',
    },
  },
} as const satisfies ErrorTable

export const filesErrors = { ...files, ...columns, ...values } as const satisfies ErrorTable
