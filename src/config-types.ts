import type { z } from 'zod'
import type { DefinitionPreset } from './domain/conversion-definition.ts'
import type { Level, Platform } from './domain/platform.ts'
import type { Role } from './domain/role.ts'
import type { AdapterName, AdapterOf, Port } from './adapters.ts'

/** What an adapter wants to be told, as a person writes it: the input of its options. Every value may be a reference, `env:NAME` or `file:PATH`. */
type OptionsOf<Of extends Port, Name extends AdapterName<Of>> =
  AdapterOf<Of, Name> extends { readonly options: infer Options extends z.ZodType }
    ? // An adapter without options takes none; zod's word for that would forbid the keys beside them as well.
      z.input<Options> extends Readonly<Record<string, never>>
      ? object
      : z.input<Options>
    : never

/** One member for each adapter of the port: its name under `Key`, its options beside it. */
type Choice<Of extends Port, Key extends string> = {
  [Name in AdapterName<Of>]: { readonly [key in Key]: Name } & Partial<OptionsOf<Of, Name>>
}[AdapterName<Of>]

/** A way to one platform's accounts. Its name is yours; it appears in logs and in `MILLRACE__CONNECTIONS__<NAME>__…`. */
export type ConnectionConfig = Choice<'connector', 'connector'> & {
  /** Account ids to work on; left out: every account that the credentials reach. */
  readonly accounts?: readonly string[]
  /** Levels that are read beside the campaign, for all accounts or by account (`*`: the others); Google's asset groups come with either. */
  readonly levels?: readonly Level[] | Readonly<Record<string, readonly Level[]>>
  /** `false`: the live platform, also while the project has a sandbox. */
  readonly sandbox?: boolean
}

/** Someone who is told how a run ended. Its name is yours. */
export type ChannelConfig = Choice<'notifier', 'notifier'> & {
  /** Language of the message; `en` when left out. */
  readonly language?: 'en' | 'ko'
}

export type LakeConfig = Choice<'lake', 'adapter'>

export type WarehouseConfig = Choice<'warehouse', 'adapter'>

export type TransformConfig = Choice<'runner', 'runner'> & {
  /** Folder of the dbt project, relative to this file; `./dbt` when left out. */
  readonly project?: string
  /** Folder of profiles.yml; the project's own when left out. */
  readonly profiles?: string
  /** dbt's `--vars`. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** Models that are built at the same time; 4 when left out. */
  readonly threads?: number
}

export interface PipelineConfig {
  /** Zone in which the schedule is read and "yesterday" of the nightly run is decided; `Asia/Seoul` when left out. */
  readonly zone?: string
  /** When the nightly run begins, in that zone: minute, hour, day of month, month, day of week; `0 2 * * *` when left out. */
  readonly cron?: string
  /**
   * Days that fell due while no scheduler was there: `latest`, the default, runs the newest of them; `all` runs each; `none` begins
   * with the next. A project that starts for the first time has missed yesterday.
   */
  readonly catchup?: 'all' | 'latest' | 'none'
  /** With `all`, the first day of a project that starts for the first time; `2024-01-01` when left out. */
  readonly startDate?: string
  /** Accounts that are worked on at the same time; 2 when left out. More is faster until the platform throttles. */
  readonly parallelAccounts?: number
}

/** The morning mail of four questions: is the day in, is it right, how are we doing, what must I do. */
export interface BriefConfig {
  /** `09:00` of `zone`: from then on `millrace up` sends the brief about the day before, once. Left out: it does not. */
  readonly at?: string
  /** `pipeline.zone` when left out. */
  readonly zone?: string
  /** Names below `notify`; left out: all of them. */
  readonly channels?: readonly string[]
}

export interface RetentionConfig {
  /** Days that superseded raw files stay in the lake; 400 when left out. */
  readonly raw?: number
}

/** Secrets that change while the program runs are kept in the warehouse, closed with a key that is not there. */
export interface SecretsConfig {
  /** 32 bytes as base64 or hex, best as `env:NAME` or `file:PATH`; the file `.millrace/secrets.key` when left out. */
  readonly key?: string
}

export type LogConfig = Choice<'log', 'adapter'>

export type CountersConfig = Choice<'counters', 'adapter'>

/** Who may send events to the collector. Its name is yours and is kept beside each event; the key never is. */
export interface WriteKeyConfig {
  /** What the sender shows, best as `env:NAME` or `file:PATH`. */
  readonly key: string
  /** Signs click redirects; at least 16 characters. Without it this key has none. */
  readonly clickSecret?: string
  /** Events a second; 10,000 when left out. */
  readonly ratePerSecond?: number
}

/** Live events and their counters. */
export interface StreamConfig {
  /** Where events rest; the warehouse's own Postgres when left out. */
  readonly log?: LogConfig
  /** Where counters rest; the warehouse's own Postgres when left out. */
  readonly counters?: CountersConfig
  /** Zone of the days of accounts that nobody knows; `pipeline.zone` when left out. */
  readonly zone?: string
  /** `false`: raw events are counted and not kept in the lake; then nothing can be reconciled or counted anew beyond the log. */
  readonly landing?: boolean
  /** `false`: the platforms are not asked every hour what the running days have cost; then only events that say their cost have a roas. */
  readonly platformCost?: boolean
  readonly writeKeys?: Readonly<Record<string, WriteKeyConfig>>
}

/** What counts as a conversion on a platform, or on one of its accounts. In force after `millrace conversions apply`. */
export type ConversionConfig = {
  readonly platform: Platform
  /** This account alone; left out: every account without its own definition. */
  readonly account?: string
} & (
  | { readonly preset: DefinitionPreset }
  | {
      /** What is counted, for people. */
      readonly goal: string
      /** `first_of`, the default: the first listed action that a row has; `sum`: all of them, which must not overlap. */
      readonly pick?: 'first_of' | 'sum'
      readonly actionTypes: readonly string[]
      /** `7d_click+1d_view`; the account's own window when left out. */
      readonly window?: string
    }
)

/** How entities are to be called. The first rule that fits a name reads it. */
export interface NamingConfig {
  readonly name: string
  /** Left out: every platform. */
  readonly platform?: Platform | null
  /** `campaign` when left out. */
  readonly level?: Level
  /** `{country}_{objective}_{audience*}_{yyyymm}`: a star lets a segment hold the signs between segments. */
  readonly pattern: string
  /** The values that a segment may have. */
  readonly enums?: Readonly<Record<string, readonly string[]>>
}

/** What makes the platforms comparable. */
export interface HubConfig {
  /** Daily reference rates against the euro, in the form of the ECB's eurofxref files. The sandbox brings its own. */
  readonly rates?: {
    /** CSV or XML files, relative to this file. */
    readonly files?: readonly string[]
    /** Asked once a run, for example https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist-90d.xml. */
    readonly url?: string
  }
  readonly conversions?: readonly ConversionConfig[]
  readonly naming?: readonly NamingConfig[]
}

/** Another place that says who people are: any OpenID provider. */
export interface OidcConfig {
  /** On the button of the login screen; `OpenID` when left out. */
  readonly name?: string
  /** `https://accounts.google.com`, `https://login.microsoftonline.com/TENANT/v2.0`, … */
  readonly issuer: string
  readonly clientId: string
  /** Best as `env:NAME` or `file:PATH`; without one the client is public and PKCE alone protects the code. */
  readonly clientSecret?: string
  /** `openid profile email` when left out. */
  readonly scopes?: readonly string[]
  /** The claim whose values decide the role; `groups` when left out. */
  readonly claim?: string
  /** Values of the claim, by the role that they give. The highest role that fits is had. */
  readonly roles?: Readonly<Partial<Record<Role, readonly string[]>>>
  /** The role of whoever the issuer knows and no value gives one; left out: none. */
  readonly everybody?: Role
}

/** Who may use the server of `millrace up`. Left out: whoever sits at this machine. */
export interface AccessConfig {
  /** People sign in, programs have keys. */
  readonly login?: boolean
  /** `https://millrace.example.com`: how others reach the server, where a proxy stands before it. */
  readonly publicUrl?: string
  /** A sign-in lasts so long; 168 when left out. */
  readonly sessionHours?: number
  /** And so long without a request; 12 when left out. */
  readonly idleHours?: number
  /** For whom accounts advertise: `{ acme: ['google_ads/1234567890', 'meta_ads/*'] }`. */
  readonly clients?: Readonly<Record<string, readonly string[]>>
  readonly oidc?: OidcConfig
}

/** Fake ad platforms over one seeded world, started for as long as a command runs: no account and no credentials are needed. */
export interface SandboxConfig {
  /** The same seed makes the same world; 1 when left out. */
  readonly seed?: number
}

/** Everything a project says. Every value can also come from the environment: `MILLRACE__LAKE__ADAPTER=s3`. */
export interface MillraceConfig {
  /** Name of the project, for messages; the folder's name when left out. */
  readonly name?: string
  readonly connections?: Readonly<Record<string, ConnectionConfig>>
  /** Where raw rows rest; a folder below `.millrace/` when left out. */
  readonly lake?: LakeConfig
  /** Where facts are published; the embedded Postgres below `.millrace/` when left out. */
  readonly warehouse?: WarehouseConfig
  /** The dbt step; `false`: there is none. */
  readonly transform?: TransformConfig | false
  readonly notify?: Readonly<Record<string, ChannelConfig>>
  readonly pipeline?: PipelineConfig
  readonly brief?: BriefConfig
  readonly retention?: RetentionConfig
  readonly secrets?: SecretsConfig
  readonly stream?: StreamConfig
  readonly hub?: HubConfig
  readonly access?: AccessConfig
  /** `false`, the default: the live platforms. */
  readonly sandbox?: SandboxConfig | false
}

/** Gives a configuration its type, so that an editor completes it and marks what is wrong. Changes nothing. */
export function defineConfig(config: MillraceConfig): MillraceConfig {
  return config
}
