import type { ErrorTable } from './error-entry.ts'

export const configErrors = {
  CONFIG_NOT_FOUND: {
    exit: 'config',
    retryable: false,
    facts: ['folder', 'names'],
    en: {
      what: 'There is no Millrace project in {folder}',
      why: 'A project is a folder with a configuration file: {names}.',
      fix: 'Make one with: millrace init my-ads. Or name the folder of yours: --project DIR.',
    },
    ko: {
      what: '{folder}에 Millrace 프로젝트가 없습니다',
      why: '프로젝트는 설정 파일이 있는 폴더입니다: {names}.',
      fix: 'millrace init my-ads로 새로 만들거나, --project DIR로 프로젝트 폴더를 지정하세요.',
    },
  },
  CONFIG_SYNTAX: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'detail'],
    en: {
      what: 'The configuration cannot be read: {file}:{line}:{column}',
      why: '{detail}.',
      fix: 'Correct that place. TypeScript may only use syntax that can be erased: no enum, namespace or decorator.',
    },
    ko: {
      what: '설정을 읽을 수 없습니다: {file}:{line}:{column}',
      why: '{detail}.',
      fix: '그 위치를 고치세요. TypeScript는 지울 수 있는 문법만 쓸 수 있습니다(enum, namespace, decorator 불가).',
    },
  },
  CONFIG_FAILED: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'line', 'column', 'detail'],
    en: {
      what: 'The configuration failed while it was run: {file}:{line}:{column}',
      why: '{detail}.',
      fix: 'Correct that place. The file must export its settings: export default defineConfig({ … }).',
    },
    ko: {
      what: '설정 파일을 실행하다가 실패했습니다: {file}:{line}:{column}',
      why: '{detail}.',
      fix: '그 위치를 고치세요. 파일은 설정을 내보내야 합니다: export default defineConfig({ … }).',
    },
  },
  CONFIG_INVALID: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'count', 'problems'],
    en: {
      what: 'The configuration has {count} problem(s)',
      why: '{problems}',
      fix: 'Correct them, then look with: millrace config check.',
    },
    ko: {
      what: '설정에 문제가 {count}개 있습니다',
      why: '{problems}',
      fix: '고친 뒤 millrace config check로 확인하세요.',
    },
  },
  CONFIG_ENV_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['count', 'names'],
    en: {
      what: '{count} variable(s) that the configuration refers to are not set',
      why: 'Missing: {names}. Each may also be given by file, as <NAME>_FILE.',
      fix: 'Set them in the environment or in .env of the project.',
    },
    ko: {
      what: '설정이 가리키는 환경 변수 {count}개가 없습니다',
      why: '없는 변수: {names}. <이름>_FILE로 파일을 지정해도 됩니다.',
      fix: '환경 변수나 프로젝트의 .env에 값을 넣으세요.',
    },
  },
  CONFIG_SECRET_FILE: {
    exit: 'config',
    retryable: false,
    facts: ['file', 'detail'],
    en: {
      what: 'The file of a secret cannot be read: {file}',
      why: 'The system says {detail}.',
      fix: 'Correct the path behind file: or <NAME>_FILE, and let this user read the file.',
    },
    ko: {
      what: '비밀 값 파일을 읽을 수 없습니다: {file}',
      why: '시스템 응답: {detail}.',
      fix: 'file: 또는 <이름>_FILE의 경로를 고치고, 이 사용자가 파일을 읽을 수 있게 하세요.',
    },
  },
  CONFIG_PACKAGE_MISSING: {
    exit: 'dependency',
    retryable: false,
    facts: ['adapter', 'package'],
    en: {
      what: 'The adapter {adapter} needs the package {package}, which is not installed',
      why: 'Its client is imported only when the configuration chooses the adapter.',
      fix: 'Install it beside Millrace: npm install {package}.',
    },
    ko: {
      what: '{adapter} 어댑터에 필요한 {package} 패키지가 설치되어 있지 않습니다',
      why: '클라이언트는 설정이 그 어댑터를 고를 때만 불러옵니다.',
      fix: 'Millrace 옆에 설치하세요: npm install {package}.',
    },
  },
} as const satisfies ErrorTable
