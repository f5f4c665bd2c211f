import { timedSteps } from './timed.fixture.ts'
import { viewsSteps } from './views.fixture.ts'
import { wrongSteps } from './wrong.fixture.ts'
import type { Step } from './step.fixture.ts'

/** The invocations, in their order: each finds what the one before it left. */
export const steps: readonly Step[] = [
  { name: 'build', request: { command: 'build' } },
  { name: 'build again', request: { command: 'build' } },
  ...timedSteps,
  ...wrongSteps,
  ...viewsSteps,
]
