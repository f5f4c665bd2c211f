import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { RunnerRequest } from '../../runner.ts'
import { argumentsContent } from './arguments-content.ts'
import { artifactMetadata, writeWhole } from './artifacts.ts'
import type { ArtifactWriter } from './artifacts.ts'
import { resultsContent } from './batches.ts'
import type { Batch } from './batches.ts'

/** How the batches of one model go. */
export interface BatchProgress {
  /** What will be built, and what an earlier invocation had built of it. */
  planned(batches: readonly Batch[], earlier: readonly Batch[]): void
  succeeded(batch: Batch): void
}

const FILE = 'unfinished_run.jsonl'

/**
 * What a running invocation has done so far, a line for each node and batch: beside the artifacts, which are written at its very end.
 * `close` takes the file away, so that one that is found belongs to an invocation that was killed.
 */
export class Progress {
  readonly #path: string
  readonly #file: number
  readonly #invocationId: string

  constructor(writer: ArtifactWriter, request: RunnerRequest, ids: readonly string[]) {
    this.#path = join(writer.folder, FILE)
    this.#invocationId = writer.options.invocation.invocationId
    const head = { args: argumentsContent(request), metadata: artifactMetadata(writer, 'run-results/v6'), ids }
    writeWhole(this.#path, `${JSON.stringify(head)}\n`, this.#invocationId)
    this.#file = openSync(this.#path, 'a')
  }

  /** Whether an earlier invocation in this folder has left its lines. */
  static isLeft({ folder }: ArtifactWriter): boolean {
    return existsSync(join(folder, FILE))
  }

  ended(id: string, status: string): void {
    this.#write({ unique_id: id, status })
  }

  ofBatches(id: string): BatchProgress {
    return {
      planned: (batches, earlier) =>
        this.#write({ unique_id: id, ...resultsContent({ successful: earlier, failed: batches }) }),
      succeeded: (batch) => this.#write({ unique_id: id, ...resultsContent({ successful: [batch], failed: [] }) }),
    }
  }

  close(): void {
    closeSync(this.#file)
    // Another invocation in this folder may have put its own in the place of this one.
    const [head = ''] = existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n', 1) : []
    if (head.includes(this.#invocationId)) rmSync(this.#path, { force: true })
  }

  #write(line: object): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }
}

const texts = z.array(z.array(z.string()))
const headLine = z.looseObject({ ids: z.array(z.string()) })
const nodeLine = z.object({
  unique_id: z.string(),
  status: z.string().optional(),
  successful: texts.default([]),
  failed: texts.default([]),
})
type NodeLine = z.output<typeof nodeLine>

/** The results that a killed invocation would have left, in the shape of run_results.json: what it had not ended counts as skipped. */
export function unfinishedRun(folder: string): object | undefined {
  const path = join(folder, FILE)
  if (!existsSync(path)) return undefined
  const [head, ...lines] = readFileSync(path, 'utf8').split('\n').flatMap(parsed)
  const { ids, ...rest } = headLine.parse(head)
  const told = lines.map((line) => nodeLine.parse(line))
  const results = ids.map((id) =>
    resultOf(
      id,
      told.filter((line) => line.unique_id === id),
    ),
  )
  return { ...rest, results }
}

/** The last line may be half a one. */
function parsed(line: string): unknown[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as unknown]
  } catch {
    return []
  }
}

function resultOf(id: string, lines: readonly NodeLine[]): object {
  const ended = lines.find(({ status }) => status !== undefined)
  const successful = lines.flatMap((line) => line.successful)
  const done = new Set(successful.map(([start]) => start))
  const failed = lines.flatMap((line) => line.failed).filter(([start]) => !done.has(start))
  const isPartly = successful.length > 0 && failed.length > 0
  const status = ended?.status ?? (isPartly ? 'partial success' : 'skipped')
  return { unique_id: id, status, batch_results: isPartly ? { successful, failed } : null }
}
