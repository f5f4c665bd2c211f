import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { BlockList, isIP } from 'node:net'

/* Addresses that no public host has: a webhook that leads to one of them would reach into this network (ASVS 1.3.6). IANA's registries of special addresses. */
const inner = new BlockList()
for (const [address, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  inner.addSubnet(address, bits, 'ipv4')

/** What is global unicast; of it, what is set aside or carries another address within. */
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')
const setAside = new BlockList()
for (const [address, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  setAside.addSubnet(address, bits, 'ipv6')

/** Whether an address is one of the open network. IPv4 within IPv6 (mapped, NAT64, 6to4) is not. */
export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !inner.check(address, 'ipv4')
  return family === 6 && globalUnicast.check(address, 'ipv6') && !setAside.check(address, 'ipv6')
}

/** Said of a host that is not to be reached. */
export class InnerAddress extends Error {
  override readonly name = 'InnerAddress'
}

/**
 * Looks a host up and lets only public addresses through. It is called for the connection itself, so that a name cannot mean another
 * address by then (DNS rebinding).
 */
export function publicOnly(lookup: LookupFunction): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 4)
      const addresses = found as unknown as readonly { readonly address: string; readonly family: number }[]
      const refused = addresses.find(({ address }) => !isPublic(address))
      const [first] = addresses
      if (refused || !first)
        return done(new InnerAddress(`${hostname} is ${refused?.address ?? 'nowhere'}, not a public address`), '', 4)
      return options.all ? done(null, [...addresses]) : done(null, first.address, first.family)
    })
  }
}

/** As the system looks names up. */
export const publicLookup: LookupFunction = publicOnly(systemLookup)
