import type { Tree } from './config-check.ts'

/** As much of a running sandbox as a connection needs. */
export interface SandboxDoor {
  readonly googleAdsUrl: string
  readonly googleOauthUrl: string
  readonly metaUrl: string
  readonly credentials: {
    readonly clientId: string
    readonly clientSecret: string
    readonly refreshToken: string
    readonly metaAccessToken: string
    readonly loginCustomerId: string
  }
}

/** What a connection is told instead of its own addresses and credentials while the sandbox stands in for its platform. */
const optionsOf: Readonly<Record<string, (door: SandboxDoor) => Tree>> = {
  google_ads: ({ googleAdsUrl, googleOauthUrl, credentials }) => ({
    baseUrl: googleAdsUrl,
    oauthUrl: googleOauthUrl,
    clientId: credentials.clientId,
    clientSecret: credentials.clientSecret,
    refreshToken: credentials.refreshToken,
    loginCustomerId: credentials.loginCustomerId,
  }),
  meta_ads: ({ metaUrl, credentials }) => ({ baseUrl: metaUrl, accessToken: credentials.metaAccessToken }),
}

/** Stands for the sandbox while a configuration is only looked at; nothing listens there. */
const closedDoor: SandboxDoor = {
  googleAdsUrl: 'http://127.0.0.1:1',
  googleOauthUrl: 'http://127.0.0.1:1/token',
  metaUrl: 'http://127.0.0.1:1',
  credentials: {
    clientId: 'sandbox',
    clientSecret: 'sandbox',
    refreshToken: 'sandbox',
    metaAccessToken: 'sandbox',
    loginCustomerId: '1000000000',
  },
}

/** A connection goes to the sandbox when the project has one, the sandbox plays its platform, and it neither gives an address nor says no. */
export function goesToSandbox(section: Tree, hasSandbox: boolean): boolean {
  return (
    hasSandbox &&
    section['sandbox'] !== false &&
    section['baseUrl'] === undefined &&
    Object.hasOwn(optionsOf, String(section['connector']))
  )
}

export function sandboxOptions(connector: string, door: SandboxDoor = closedDoor): Tree {
  return optionsOf[connector]?.(door) ?? {}
}
