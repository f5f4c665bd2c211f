// Builds the dashboard into dist/web: `npm run build` and the first demo of a checkout do it. Every asset is also there
// gzipped, so that the server compresses nothing while it serves; `.built` says of which sources the build is.
import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src', 'web')
const target = join(root, 'dist', 'web')

/** The same for the same sources, whatever their dates are. */
function sourcesHash(): string {
  const hash = createHash('sha256')
  const lock = readFileSync(join(root, 'package-lock.json'))
  hash.update(lock)
  for (const file of globSync('**/*.{ts,tsx,css,html,json}', { cwd: source }).sort())
    hash.update(`${file}\n`).update(readFileSync(join(source, file)))
  return hash.digest('hex')
}

function builtHash(): string {
  try {
    return readFileSync(join(target, '.built'), 'utf8')
  } catch {
    return ''
  }
}

const hash = sourcesHash()
if (builtHash() !== hash) {
  // A test's environment would make React's development build of it, half as large again and slower.
  process.env['NODE_ENV'] = 'production'
  // Only now: the program that builds takes half a second to be read, and a demo whose dashboard is built waits for nothing.
  const { build } = await import('vite')
  await build({ configFile: join(source, 'vite.config.ts'), logLevel: 'warn' })
  for (const file of globSync('assets/*.{js,css}', { cwd: target }))
    writeFileSync(join(target, `${file}.gz`), gzipSync(readFileSync(join(target, file)), { level: 9 }))
  writeFileSync(join(target, '.built'), hash)
  process.stderr.write('build: the dashboard is in dist/web\n')
}
