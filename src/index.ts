export { defineConfig } from './config-types.ts'
export type {
  ChannelConfig,
  ConnectionConfig,
  CountersConfig,
  LakeConfig,
  LogConfig,
  MillraceConfig,
  PipelineConfig,
  RetentionConfig,
  SandboxConfig,
  StreamConfig,
  TransformConfig,
  WarehouseConfig,
  WriteKeyConfig,
} from './config-types.ts'
export { MillraceError } from './domain/errors.ts'
export type { ErrorCode, Explanation, Facts, Language } from './domain/errors.ts'
export { clickToken } from './stream/click-token.ts'
export type { Click } from './stream/click-token.ts'
export { defineQuality } from './quality/config-schema.ts'
export type { QualityConfig } from './quality/config-schema.ts'
