import { cpus, totalmem } from 'node:os'
import type { Bench, BenchOptions, Line } from './figures.ts'

const rooms: Readonly<
  Record<
    string,
    () => Promise<{
      bench: (options: BenchOptions) => Promise<Bench>
    }>
  >
> = {
  checks: () => import('./quality-checks.ts'),
  pipeline: () => import('./pipeline.ts'),
  stream: () => import('./stream.ts'),
  orchestrate: () => import('./orchestrate.ts'),
  dbt: () => import('./dbt.ts'),
  web: () => import('./web.ts'),
  quality: () => import('./quality.ts'),
  connectors: () => import('./connectors.ts'),
  hub: () => import('./hub.ts'),
}

function rounded(value: number): string {
  return value >= 1_000 ? value.toLocaleString('en', { maximumFractionDigits: 0 }) : value.toPrecision(3)
}

function printed({ what, ours, unit, rival, bar }: Line): string {
  const mine = ours === null ? 'absent' : `${rounded(ours)} ${unit}`
  const theirs = rival
    ? rival.value === null
      ? `${rival.name}: absent`
      : `${rival.name}: ${rounded(rival.value)} ${unit}`
    : ''
  const ratio = rival?.value && ours ? `ratio ${rounded(ours / rival.value)}` : ''
  const met = bar && ours !== null ? ('atMost' in bar ? ours <= bar.atMost : ours >= bar.atLeast) : null
  const limit = bar ? ('atMost' in bar ? `bar <= ${rounded(bar.atMost)}` : `bar >= ${rounded(bar.atLeast)}`) : ''
  return [
    what.padEnd(52),
    mine.padEnd(18),
    theirs.padEnd(34),
    ratio.padEnd(14),
    limit,
    met === null ? '' : met ? 'met' : 'MISSED',
  ]
    .join(' ')
    .trimEnd()
}

async function main(argv: readonly string[]): Promise<number> {
  const [room = '', ...parts] = argv.filter((one) => !one.startsWith('--'))
  const load = rooms[room]
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  if (!load) {
    say(`usage: npm run bench -- <room> [part …] [--json] [--long]; rooms: ${Object.keys(rooms).join(', ')}`)
    return 2
  }
  say(
    `${room} on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
  )
  const { bench } = await load()
  const { figures, lines } = await bench({ long: argv.includes('--long'), parts, say })
  for (const line of lines) say(printed(line))
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
