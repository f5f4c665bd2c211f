export { defineConfig } from './config-types.ts'
export type {
  ChannelConfig,
  ConnectionConfig,
  LakeConfig,
  MillraceConfig,
  PipelineConfig,
  RetentionConfig,
  SandboxConfig,
  TransformConfig,
  WarehouseConfig,
} from './config-types.ts'
export { MillraceError } from './domain/errors.ts'
export type { ErrorCode, Explanation, Facts, Language } from './domain/errors.ts'
