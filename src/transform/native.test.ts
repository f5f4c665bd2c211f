import { adapter } from './native.ts'
import { runnerContract } from './runner.contract.ts'

runnerContract('native', { open: async () => adapter.open({}) })
