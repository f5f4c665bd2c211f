import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { adapter, fileStem } from './file.ts'
import type { Arrived, NotifierBench } from './notifier.contract.ts'
import { notifierContract, sample } from './notifier.contract.ts'

async function arrivedIn(folder: string): Promise<readonly Arrived[]> {
  const names = await readdir(folder).catch(() => [])
  const texts = names.filter((name) => name.endsWith('.txt')).sort()
  return Promise.all(
    texts.map(async (name) => {
      const whole = await readFile(join(folder, name), 'utf8')
      const [head = '', ...rest] = whole.split('\n\n')
      const header = (wanted: string) => new RegExp(`^${wanted}: (.*)$`, 'm').exec(head)?.[1] ?? null
      return {
        subject: header('Subject') ?? '',
        idempotencyKey: header('Idempotency-Key'),
        text: rest.join('\n\n'),
        html: await readFile(join(folder, name.replace('.txt', '.html')), 'utf8'),
      }
    }),
  )
}

async function open(): Promise<NotifierBench> {
  const root = await mkdtemp(join(tmpdir(), 'millrace 알림 '))
  const folder = join(root, 'out box')
  const notifier = await adapter.open({ folder })
  return {
    notifier,
    arrived: () => arrivedIn(folder),
    // A file where the folder should be: what a wrong path or a full disk looks like to the sender.
    async fail(how) {
      await rm(folder, { recursive: true, force: true })
      await (how === null ? mkdir(folder) : writeFile(folder, ''))
    },
    async [Symbol.asyncDispose]() {
      await notifier[Symbol.asyncDispose]()
      await rm(root, { recursive: true, force: true })
    },
  }
}

const noOtherSide = 'a folder has nobody on its other side'

notifierContract('file', {
  open,
  waivers: { refused: noOtherSide, auth: noOtherSide, hang: noOtherSide, cut: noOtherSide },
})

test('a second delivery replaces the first and leaves no other file behind', async () => {
  const root = await mkdtemp(join(tmpdir(), 'millrace-file-'))
  await using notifier = await adapter.open({ folder: root })
  await notifier.send(sample, new AbortController().signal)
  await notifier.send({ ...sample, text: 'second\n' }, new AbortController().signal)
  const stem = fileStem(sample.idempotencyKey)
  expect((await readdir(root)).sort()).toEqual([`${stem}.html`, `${stem}.txt`])
  expect(await readFile(join(root, `${stem}.txt`), 'utf8')).toContain('second')
  await rm(root, { recursive: true })
})

test('keys that a file name cannot hold stay apart and stay inside the folder', () => {
  const stems = ['a/b', 'a b', 'A/b', '../../etc/passwd', 'a\0b', '한'.repeat(300)].map(fileStem)
  expect(new Set(stems.map((stem) => stem.toLowerCase())).size).toBe(stems.length)
  for (const stem of stems) expect(stem).toMatch(/^[A-Za-z0-9._-]{1,100}$/)
})
