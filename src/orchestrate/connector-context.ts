import type { ConnectorContext } from '../connectors/connector.ts'
import { platformQuotaOf } from '../warehouse/platform-quota.ts'
import { remoteJobsOf } from '../warehouse/remote-jobs.ts'
import type { LogLevel } from './body.ts'
import type { Ports } from './ports.ts'

/** What a connector works with, from the opened ports. */
export function connectorContext(
  ports: Pick<Ports, 'clock' | 'random' | 'fetch' | 'warehouse'>,
  signal: AbortSignal,
  log: (level: LogLevel, message: string) => void,
): ConnectorContext {
  const { clock, random, fetch } = ports
  return {
    clock,
    random,
    fetch,
    signal,
    remoteJobs: remoteJobsOf(ports.warehouse),
    quota: platformQuotaOf(ports.warehouse),
    log: ({ level, message }) => log(level, message),
  }
}
