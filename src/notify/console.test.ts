import { expect, test } from 'vitest'
import { adapter, consoleNotifier } from './console.ts'
import type { Arrived, NotifierBench } from './notifier.contract.ts'
import { notifierContract, sample } from './notifier.contract.ts'

async function open(): Promise<NotifierBench> {
  const shown: Arrived[] = []
  let broken = false
  const notifier = consoleNotifier('stderr', async (written) => {
    if (broken) throw new Error('write EPIPE')
    const [, subject = '', , ...rest] = written.split('\n')
    shown.push({ subject, text: rest.join('\n'), html: null, idempotencyKey: null })
  })
  return {
    notifier,
    arrived: async () => shown,
    fail: async (how) => {
      broken = how !== null
    },
    [Symbol.asyncDispose]: () => notifier[Symbol.asyncDispose](),
  }
}

const nobody = 'a terminal takes or does not take; it says no more'

notifierContract('console', {
  open,
  waivers: {
    html: 'a terminal shows text',
    key: 'a person reads it; a second copy is seen as one',
    refused: nobody,
    auth: nobody,
    hang: nobody,
    cut: nobody,
  },
})

test('a message cannot move the cursor or recolour the terminal', async () => {
  let written = ''
  const notifier = consoleNotifier('stderr', async (text) => {
    written += text
  })
  await notifier.send({ ...sample, subject: 'a\u001b[2Jb', text: 'c\u001b]0;x\u0007d\r\n' }, AbortSignal.timeout(1000))
  expect(written).toContain('a\uFFFD[2Jb')
  expect(written.match(/[^\P{Cc}\n]/gu) ?? []).toEqual([])
})

test('the adapter writes to stderr unless told otherwise', async () => {
  expect(adapter.options.parse({})).toEqual({ stream: 'stderr' })
  await using notifier = await adapter.open({ stream: 'stderr' })
  expect(notifier.place).toBe('stderr')
})
