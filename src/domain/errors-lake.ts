import type { ErrorTable } from './error-entry.ts'

const places = {
  LAKE_FOLDER_UNUSABLE: {
    exit: 'dependency',
    retryable: false,
    facts: ['path', 'reason'],
    en: {
      what: 'The lake folder {path} cannot be used',
      why: 'The operating system says: {reason}.',
      fix: 'Create the folder or give this user the right to write in it, or set lake.root to another one.',
    },
    ko: {
      what: '레이크 폴더 {path}를 사용할 수 없습니다',
      why: '운영 체제의 답: {reason}.',
      fix: '폴더를 만들거나 쓰기 권한을 주거나 lake.root를 다른 폴더로 바꾸세요.',
    },
  },
  LAKE_DISK_FULL: {
    exit: 'dependency',
    retryable: true,
    facts: ['path'],
    en: {
      what: 'There is no room left for {path}',
      why: 'The disk or the quota is full. Nothing was replaced: what the lake held before is still whole.',
      fix: 'Free space on that disk and run the same command again.',
    },
    ko: {
      what: '{path}을(를) 저장할 공간이 없습니다',
      why: '디스크나 할당량이 가득 찼습니다. 바뀐 것은 없으며 레이크의 기존 내용은 그대로입니다.',
      fix: '디스크 공간을 비우고 같은 명령을 다시 실행하세요.',
    },
  },
  LAKE_BUCKET_MISSING: {
    exit: 'config',
    retryable: false,
    facts: ['bucket', 'endpoint'],
    en: {
      what: 'There is no bucket "{bucket}" at {endpoint}',
      why: 'Millrace does not create buckets: who owns one, pays for it and guards it is yours to decide.',
      fix: 'Create the bucket, or correct lake.bucket, lake.region or lake.endpoint.',
    },
    ko: {
      what: '{endpoint}에 "{bucket}" 버킷이 없습니다',
      why: '버킷의 소유, 비용, 권한은 사용자가 정할 일이므로 Millrace는 버킷을 만들지 않습니다.',
      fix: '버킷을 만들거나 lake.bucket, lake.region, lake.endpoint를 고치세요.',
    },
  },
  LAKE_ACCESS_DENIED: {
    exit: 'auth',
    retryable: false,
    facts: ['place', 'reason'],
    en: {
      what: '{place} refused the credentials',
      why: 'The server says: {reason}.',
      fix: 'Correct the access key and its secret, or give them the rights to get, put, list and delete in the bucket.',
    },
    ko: {
      what: '{place}이(가) 자격 증명을 거부했습니다',
      why: '서버의 답: {reason}.',
      fix: '액세스 키와 비밀 키를 고치거나 버킷의 읽기, 쓰기, 목록, 삭제 권한을 주세요.',
    },
  },
  LAKE_UNREACHABLE: {
    exit: 'dependency',
    retryable: true,
    facts: ['place', 'reason'],
    en: {
      what: '{place} does not answer',
      why: 'The connection failed: {reason}.',
      fix: 'Check that the server runs and that lake.endpoint is its address, then run the same command again.',
    },
    ko: {
      what: '{place}이(가) 응답하지 않습니다',
      why: '연결 실패: {reason}.',
      fix: '서버가 실행 중인지, lake.endpoint가 맞는지 확인하고 같은 명령을 다시 실행하세요.',
    },
  },
  LAKE_REQUEST_REFUSED: {
    exit: 'dependency',
    retryable: false,
    facts: ['place', 'reason'],
    en: {
      what: '{place} refused a request',
      why: 'The server says: {reason}.',
      fix: 'Check that the server is S3 or speaks its conditional writes (If-None-Match and If-Match on PutObject).',
    },
    ko: {
      what: '{place}이(가) 요청을 거부했습니다',
      why: '서버의 답: {reason}.',
      fix: '서버가 S3이거나 S3의 조건부 쓰기(PutObject의 If-None-Match, If-Match)를 지원하는지 확인하세요.',
    },
  },
  LAKE_BUSY: {
    exit: 'temporary',
    retryable: true,
    facts: ['place', 'reason'],
    en: {
      what: '{place} is too busy',
      why: 'The server says: {reason}. It was asked again several times.',
      fix: 'Wait a minute and run the same command again; if it stays so, lower the number of parallel accounts.',
    },
    ko: {
      what: '{place}이(가) 너무 바쁩니다',
      why: '서버의 답: {reason}. 여러 번 다시 시도했습니다.',
      fix: '1분 뒤 같은 명령을 다시 실행하세요. 계속되면 동시에 처리하는 계정 수를 줄이세요.',
    },
  },
} as const satisfies ErrorTable

const objects = {
  LAKE_KEY_INVALID: {
    exit: 'unexpected',
    retryable: false,
    facts: ['key', 'reason'],
    en: {
      what: '"{key}" cannot be a key of the lake',
      why: '{reason}.',
      fix: 'Build keys with the functions of src/lake/layout.ts.',
    },
    ko: {
      what: '"{key}"은(는) 레이크의 키가 될 수 없습니다',
      why: '{reason}.',
      fix: 'src/lake/layout.ts의 함수로 키를 만드세요.',
    },
  },
  LAKE_CONFLICT: {
    exit: 'temporary',
    retryable: true,
    facts: ['key'],
    en: {
      what: 'Another writer was first at {key}',
      why: 'The object was to be written only if nobody had changed it, and somebody had.',
      fix: 'Read it again and repeat the change; a repeated run does so by itself.',
    },
    ko: {
      what: '{key}에 다른 작성자가 먼저 썼습니다',
      why: '아무도 바꾸지 않은 경우에만 쓰려 했으나 이미 바뀌었습니다.',
      fix: '다시 읽고 변경을 반복하세요. 실행을 반복하면 저절로 처리됩니다.',
    },
  },
  LAKE_OBJECT_MISSING: {
    exit: 'run',
    retryable: false,
    facts: ['key', 'place'],
    en: {
      what: 'The lake has no {key}',
      why: 'It was never written to {place}, or it was removed after its retention.',
      fix: 'Extract the day again: millrace backfill with its account and day.',
    },
    ko: {
      what: '레이크에 {key}가 없습니다',
      why: '{place}에 쓰인 적이 없거나 보존 기간이 지나 삭제되었습니다.',
      fix: 'millrace backfill로 해당 계정과 날짜를 다시 추출하세요.',
    },
  },
  LAKE_UPLOAD_TORN: {
    exit: 'temporary',
    retryable: true,
    facts: ['key', 'place'],
    en: {
      what: 'The upload of {key} did not arrive whole',
      why: 'The connection broke or the checksum at {place} differs. Nothing was stored.',
      fix: 'Run the same command again.',
    },
    ko: {
      what: '{key} 업로드가 온전히 도착하지 않았습니다',
      why: '연결이 끊겼거나 {place}의 체크섬이 다릅니다. 저장된 것은 없습니다.',
      fix: '같은 명령을 다시 실행하세요.',
    },
  },
  LAKE_DOWNLOAD_TORN: {
    exit: 'temporary',
    retryable: true,
    facts: ['key', 'place'],
    en: {
      what: 'The download of {key} did not arrive whole',
      why: 'The connection to {place} broke or the checksum differs.',
      fix: 'Run the same command again.',
    },
    ko: {
      what: '{key} 다운로드가 온전히 도착하지 않았습니다',
      why: '{place}와의 연결이 끊겼거나 체크섬이 다릅니다.',
      fix: '같은 명령을 다시 실행하세요.',
    },
  },
  LAKE_MANIFEST_UNREADABLE: {
    exit: 'run',
    retryable: false,
    facts: ['key', 'reason'],
    en: {
      what: 'The manifest {key} cannot be read',
      why: '{reason}.',
      fix: 'Restore it from a backup of the lake, or remove it and backfill the account: its days are then extracted again.',
    },
    ko: {
      what: '매니페스트 {key}를 읽을 수 없습니다',
      why: '{reason}.',
      fix: '레이크 백업에서 복원하거나, 삭제한 뒤 해당 계정을 backfill하여 다시 추출하세요.',
    },
  },
} as const satisfies ErrorTable

const rows = {
  LAKE_FILE_UNREADABLE: {
    exit: 'run',
    retryable: false,
    facts: ['path', 'reason'],
    en: {
      what: '{path} is not a whole Parquet file',
      why: 'DuckDB says: {reason}.',
      fix: 'Extract the day again: millrace backfill with its account and day. The damaged file stays for inspection.',
    },
    ko: {
      what: '{path}은(는) 온전한 Parquet 파일이 아닙니다',
      why: 'DuckDB의 답: {reason}.',
      fix: 'millrace backfill로 해당 계정과 날짜를 다시 추출하세요. 손상된 파일은 조사를 위해 남겨 둡니다.',
    },
  },
  LAKE_COLUMN_MISSING: {
    exit: 'run',
    retryable: false,
    facts: ['path', 'column', 'found'],
    en: {
      what: '{path} has no column "{column}"',
      why: 'The mapping requires it, and the file has: {found}.',
      fix: 'The file is older than the mapping: extract the day again with millrace backfill.',
    },
    ko: {
      what: '{path}에 "{column}" 열이 없습니다',
      why: '매핑에 필요한 열이지만 파일에는 다음 열만 있습니다: {found}.',
      fix: '파일이 매핑보다 오래되었습니다. millrace backfill로 다시 추출하세요.',
    },
  },
  LAKE_VALUE_INVALID: {
    exit: 'run',
    retryable: false,
    facts: ['column', 'value', 'type', 'row'],
    en: {
      what: 'Column "{column}" has the value "{value}", which is no {type}',
      why: 'Row {row} of the extract carries it. Raw columns are exact (to 18 decimals): no value is bent until it fits.',
      fix: 'Compare the column with what the platform documents; if its type changed, the mapping of the connector must change too.',
    },
    ko: {
      what: '"{column}" 열의 값 "{value}"은(는) {type} 형식이 아닙니다',
      why: '추출의 {row}번째 행에 있는 값입니다. 원본 열은 소수 18자리까지 정확해야 하므로 값을 바꾸어 맞추지 않습니다.',
      fix: '플랫폼 문서의 열 형식과 비교하세요. 형식이 바뀌었다면 커넥터의 매핑도 바꿔야 합니다.',
    },
  },
} as const satisfies ErrorTable

const care = {
  LAKE_FILE_DAMAGED: {
    exit: 'run',
    retryable: false,
    facts: ['key', 'place'],
    en: {
      what: '{key} is not what was written to {place}',
      why: 'Its bytes have another SHA-256 than the manifest keeps: the disk, or another program, changed them.',
      fix: 'Restore the file from a copy, or extract its days again with millrace backfill. Look for others: millrace lake verify.',
    },
    ko: {
      what: '{place}의 {key}이(가) 처음 쓴 내용과 다릅니다',
      why: '매니페스트에 기록된 SHA-256과 다릅니다. 디스크나 다른 프로그램이 바꾸었습니다.',
      fix: '사본에서 복원하거나 millrace backfill로 해당 날짜를 다시 추출하세요. 다른 파일은 millrace lake verify로 확인하세요.',
    },
  },
  LAKE_FILES_LOST: {
    exit: 'run',
    retryable: false,
    facts: ['place', 'files', 'damaged', 'missing', 'example'],
    en: {
      what: '{damaged} damaged and {missing} missing of {files} files in {place}',
      why: 'They are named by the manifest and are not there as they were written, for example {example}.',
      fix: 'Restore them from a copy (millrace lake copy), or extract their days again with millrace backfill. Published numbers are not affected.',
    },
    ko: {
      what: '{place}의 파일 {files}개 중 손상 {damaged}개, 누락 {missing}개',
      why: '매니페스트에 있지만 쓴 그대로 있지 않습니다. 예: {example}.',
      fix: '사본에서 복원하거나(millrace lake copy) millrace backfill로 해당 날짜를 다시 추출하세요. 공개된 숫자는 그대로입니다.',
    },
  },
  LAKE_COPY_DIFFERS: {
    exit: 'run',
    retryable: false,
    facts: ['key', 'place'],
    en: {
      what: '{place} has another {key} already',
      why: 'Its bytes differ from those that were to be copied, and a raw file is never overwritten.',
      fix: 'Copy into an empty lake, or look at that file first: it may be damaged (millrace lake verify).',
    },
    ko: {
      what: '{place}에 다른 {key}이(가) 이미 있습니다',
      why: '복사할 내용과 다르며 원본 파일은 덮어쓰지 않습니다.',
      fix: '빈 레이크로 복사하거나 그 파일을 먼저 확인하세요. 손상되었을 수 있습니다(millrace lake verify).',
    },
  },
  LAKE_PARQUET_REFUSED: {
    exit: 'usage',
    retryable: false,
    facts: ['path', 'reason'],
    en: {
      what: '{path} was not written',
      why: 'A value does not fit its column in Parquet, DuckDB says: {reason}',
      fix: 'Cast the column to text in the query, or export csv. Nothing was left behind.',
    },
    ko: {
      what: '{path}을(를) 쓰지 못했습니다',
      why: 'Parquet 열에 맞지 않는 값이 있습니다. DuckDB의 답: {reason}',
      fix: '쿼리에서 그 열을 text로 바꾸거나 csv로 내보내십시오. 남은 파일은 없습니다.',
    },
  },
} as const satisfies ErrorTable

export const lakeErrors = { ...places, ...objects, ...rows, ...care } as const satisfies ErrorTable
