import { z } from 'zod'
import type { ConversionDefinition, DefinitionPreset } from './domain/conversion-definition.ts'
import { checkDefinition, definitionPresets } from './domain/conversion-definition.ts'
import { isMillraceError } from './domain/errors.ts'
import { levels, platforms } from './domain/platform.ts'
import { compileRule } from './unify/naming.ts'

const scope = { platform: z.enum(platforms), account: z.string().min(1).optional() }

const preset = z.strictObject({
  ...scope,
  preset: z.enum(Object.keys(definitionPresets) as [DefinitionPreset, ...DefinitionPreset[]]),
})

const spelled = z.strictObject({
  ...scope,
  goal: z.string().min(1).max(60),
  pick: z.enum(['first_of', 'sum']).default('first_of'),
  actionTypes: z.array(z.string().min(1)).min(1),
  /** `7d_click+1d_view`, or the account's own. */
  window: z.string().min(1).default('default'),
})

/** One entry of `hub.conversions`; a definition that counts a conversion twice is a problem of the configuration, with its place. */
export const hubConversion = z.union([preset, spelled]).superRefine((wanted, context) => {
  try {
    checkDefinition(definitionOf(wanted))
  } catch (error) {
    if (!isMillraceError(error)) throw error
    context.addIssue({ code: 'custom', message: error.explain('en').what })
  }
})

type HubConversion = z.output<typeof preset> | z.output<typeof spelled>

export function definitionOf(wanted: HubConversion): ConversionDefinition {
  if ('preset' in wanted) return definitionPresets[wanted.preset]
  const { goal, pick, actionTypes, window } = wanted
  return { goal, pick, actionTypes, windows: window.split('+').map((one) => one.trim()) }
}

/** Levels of a connection beside the campaign: for all of its accounts, or by account with `*` for the others. */
export const connectionLevels = z
  .union([z.array(z.enum(levels)), z.record(z.string(), z.array(z.enum(levels)))])
  .default([])

/** Ids as people write them, with dashes or act_, become those that rows carry. */
export function levelsByAccount(
  given: z.output<typeof connectionLevels>,
): Readonly<Record<string, readonly (typeof levels)[number][]>> {
  if (Array.isArray(given)) return given.length === 0 ? {} : { '*': given }
  return Object.fromEntries(
    Object.entries(given).map(([account, some]) => [
      account.replace(/^act_/, '').replaceAll(/(?<=\d)-(?=\d)/g, ''),
      some,
    ]),
  )
}

/** One entry of `hub.naming`; a pattern that is none is a problem of the configuration, with its place. */
export const hubNaming = z
  .strictObject({
    name: z.string().min(1).max(60),
    platform: z.enum(platforms).nullable().default(null),
    level: z.enum(levels).default('campaign'),
    pattern: z.string().min(1).max(500),
    enums: z.record(z.string(), z.array(z.string())).default({}),
  })
  .superRefine((rule, context) => {
    try {
      compileRule(rule)
    } catch (error) {
      if (!isMillraceError(error)) throw error
      context.addIssue({ code: 'custom', message: error.explain('en').what })
    }
  })
