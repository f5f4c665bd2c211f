/**
 * The door of the configuration: it is read, layered and checked (`inspectConfig`, `loadConfig`) and turned into opened ports
 * (`openPorts`, `openWarehouse`). The files behind it are `config-*.ts`.
 */
export { inspectConfig, inspectionError, loadConfig } from './config-inspect.ts'
export type { ConfigRequest, Inspection } from './config-inspect.ts'
export type { Settings } from './config-check.ts'
export { openConnections, openLake, openPorts, openWarehouse } from './config-open.ts'
export type { OpenContext, Opening } from './config-open.ts'
export { findConfigFile } from './config-read.ts'
export type { EnvironmentInput } from './config-layers.ts'
