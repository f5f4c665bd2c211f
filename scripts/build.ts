// Builds what the package ships: `npm run build`. Compiled JavaScript and types in dist/, beside them every other file that
// the sources read at run time (.sql, macros, pages), at the same place relative to the code that reads it.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src')
const target = join(root, 'dist')

/** Files of src/ that are neither code nor notes for the readers of the code. */
function assets(): string[] {
  return globSync('**/*.*', { cwd: source }).filter(
    (file) => !/\.(ts|tsx|md|snap)$/.test(file) && !file.startsWith('web/'),
  )
}

function compile(): number {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const result = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  return result.status ?? 1
}

// A file that was renamed in src/ must not live on in the package.
rmSync(target, { recursive: true, force: true })
const status = compile()
if (status !== 0) {
  process.stderr.write('build: tsc found errors; nothing was packed\n')
  rmSync(target, { recursive: true, force: true })
  process.exit(status)
}
await import('./build-web.ts')
const copied = assets()
for (const file of copied) cpSync(join(source, file), join(target, file))
// npm keeps the mode, and a checkout on a file system without modes has none to keep.
chmodSync(join(root, 'bin', 'millrace.cjs'), 0o755)
process.stderr.write(
  `build: ${relative(process.cwd(), target) || target} is compiled, ${copied.length} other files copied\n`,
)
