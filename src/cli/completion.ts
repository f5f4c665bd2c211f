import { exitCodes } from '../domain/error-entry.ts'
import type { CommandSpec, Invocation } from './command.ts'

const shells = ['bash', 'zsh', 'fish'] as const

type Shell = (typeof shells)[number]

export const command: CommandSpec = {
  name: 'completion',
  arguments: [{ name: '<shell>', text: { en: 'Which shell', ko: '셸' }, choices: shells }],
  options: [],
  description: {
    en: 'Prints a script by which the shell completes commands, options and their choices. It calls nothing while it completes; print it anew after an update.',
    ko: '셸이 명령, 옵션, 선택값을 완성하게 하는 스크립트를 출력합니다. 완성하는 동안 아무것도 실행하지 않으며, 업데이트 후에는 다시 출력하세요.',
  },
  examples: [
    { line: 'millrace completion bash >> ~/.bashrc', text: { en: 'for bash', ko: 'bash용' } },
    {
      line: 'millrace completion zsh > "${fpath[1]}/_millrace"',
      text: { en: 'for zsh', ko: 'zsh용' },
    },
    {
      line: 'millrace completion fish > ~/.config/fish/completions/millrace.fish',
      text: { en: 'for fish', ko: 'fish용' },
    },
  ],
  run: completion,
}

async function completion({ output, language, all }: Invocation, [shell]: readonly string[]): Promise<number> {
  const { allWords, scriptFor } = await import('./completion-script.ts')
  output.data(scriptFor(shell as Shell, allWords(await all(), language)))
  return exitCodes.ok
}
