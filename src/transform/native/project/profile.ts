import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { configurationContext, renderConfiguration } from './configuration-context.ts'
import type { Environment } from './configuration-context.ts'
import { PyFloat } from '../jinja/value.ts'
import { Reader } from './shape.ts'
import type { Mapping } from './shape.ts'
import { YamlFile } from './yaml-file.ts'

/** One target of a profile: where the project is built. */
export interface Target {
  readonly profileName: string
  readonly name: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly schema: string
  readonly threads: number
  readonly ssl: string | null
  readonly searchPath: string | null
  readonly role: string | null
  readonly connectTimeoutSeconds: number
}

export interface ProfileOptions {
  readonly profilesDir: string
  readonly profile: string | null
  readonly target?: string | undefined
  readonly threads?: number | undefined
  readonly vars: Mapping
  readonly env: Environment
}

/** Reads the target from profiles.yml. Throws TRANSFORM_PROFILE_MISSING, TRANSFORM_TARGET_MISSING, TRANSFORM_TARGET_UNSUPPORTED. */
export function readTarget(options: ProfileOptions): Target {
  const path = join(options.profilesDir, 'profiles.yml')
  if (!existsSync(path)) throw new MillraceError('TRANSFORM_PROFILE_MISSING', { path, profile: options.profile ?? '' })
  const file = YamlFile.read(path, 'profiles.yml')
  const reader = new Reader(file)
  const profiles = reader.mapping(file.value, [])
  const name = options.profile ?? ''
  if (!Object.hasOwn(profiles, name)) throw new MillraceError('TRANSFORM_PROFILE_MISSING', { path, profile: name })
  const profile = reader.mapping(profiles[name], [name])
  const context = configurationContext(options.env, options.vars, new Map(), true)
  const outputs = reader.mapping(profile['outputs'], [name, 'outputs'])
  const wanted =
    options.target ??
    reader.text(renderConfiguration(profile['target'] ?? 'default', context, file.file), [name, 'target'])
  if (!Object.hasOwn(outputs, wanted)) {
    throw new MillraceError('TRANSFORM_TARGET_MISSING', {
      path,
      profile: name,
      target: wanted,
      targets: Object.keys(outputs).join(', '),
    })
  }
  const output = reader.mapping(renderConfiguration(outputs[wanted], context, file.file), [name, 'outputs', wanted])
  return targetOf(output, { name, wanted, reader, path, threads: options.threads })
}

interface Origin {
  readonly name: string
  readonly wanted: string
  readonly reader: Reader
  readonly path: string
  readonly threads: number | undefined
}

function targetOf(output: Mapping, origin: Origin): Target {
  const type = output['type']
  if (type !== 'postgres') {
    throw new MillraceError('TRANSFORM_TARGET_UNSUPPORTED', {
      path: origin.path,
      target: origin.wanted,
      type: String(type),
    })
  }
  const at = (key: string): (string | number)[] => [origin.name, 'outputs', origin.wanted, key]
  const text = (value: unknown, key: string): string => origin.reader.text(value, at(key))
  const optional = (key: string): string | null =>
    output[key] === undefined || output[key] === null ? null : text(output[key], key)
  const whole = (value: unknown, key: string): number => {
    const number = value instanceof PyFloat ? value.value : value
    return typeof number === 'number' && Number.isInteger(number)
      ? number
      : origin.reader.fail(at(key), 'a whole number')
  }
  return {
    profileName: origin.name,
    name: origin.wanted,
    host: text(output['host'], 'host'),
    port: whole(output['port'] ?? 5432, 'port'),
    user: text(output['user'], 'user'),
    password: text(output['password'] ?? output['pass'] ?? '', 'password'),
    database: text(output['dbname'] ?? output['database'], 'dbname'),
    schema: text(output['schema'], 'schema'),
    threads: origin.threads ?? whole(output['threads'] ?? 1, 'threads'),
    ssl: optional('sslmode'),
    searchPath: optional('search_path'),
    role: optional('role'),
    connectTimeoutSeconds: whole(output['connect_timeout'] ?? 10, 'connect_timeout'),
  }
}
