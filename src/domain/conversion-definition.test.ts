import { describe, expect, test } from 'vitest'
import type { ConversionDefinition } from './conversion-definition.ts'
import { checkDefinition, definitionPresets, overlapsOf, sameDefinition } from './conversion-definition.ts'
import { isMillraceError } from './errors.ts'

const sumOf = (...actionTypes: readonly string[]): ConversionDefinition => ({
  goal: 'purchase',
  pick: 'sum',
  actionTypes,
  windows: ['default'],
})

function refusal(definition: ConversionDefinition): string {
  try {
    checkDefinition(definition)
    return 'taken'
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return `${error.code} ${String(error.facts['reason'] ?? `${String(error.facts['one'])} ${String(error.facts['other'])}`)}`
  }
}

describe('a sum', () => {
  test.each([
    [['omni_purchase', 'purchase'], 'omni_purchase purchase'],
    [['offsite_conversion.fb_pixel_purchase', 'omni_purchase'], 'offsite_conversion.fb_pixel_purchase omni_purchase'],
    [['purchase', 'app_custom_event.fb_mobile_purchase'], 'purchase app_custom_event.fb_mobile_purchase'],
    [['lead', 'onsite_conversion.lead_grouped'], 'lead onsite_conversion.lead_grouped'],
    [['page_engagement', 'link_click'], 'page_engagement link_click'],
    [
      ['offsite_conversion.fb_pixel_purchase', 'offsite_conversion.custom.123'],
      'offsite_conversion.fb_pixel_purchase offsite_conversion.custom.123',
    ],
    [
      ['offsite_conversion.custom.1', 'offsite_conversion.custom.2'],
      'offsite_conversion.custom.1 offsite_conversion.custom.2',
    ],
  ])('of %j is refused', (types, pair) => {
    expect(refusal(sumOf(...types))).toBe(`DOMAIN_DEFINITION_OVERLAP ${pair}`)
    // The first of them that is there counts each conversion once.
    expect(refusal({ ...sumOf(...types), pick: 'first_of' })).toBe('taken')
  })

  test.each([
    [['offsite_conversion.fb_pixel_purchase', 'app_custom_event.fb_mobile_purchase']],
    [['purchase', 'lead']],
    [['omni_purchase', 'omni_add_to_cart']],
  ])('of %j counts nothing twice', (types) => {
    expect(overlapsOf(types)).toEqual([])
    expect(refusal(sumOf(...types))).toBe('taken')
  })
})

test.each([
  [{ actionTypes: [] }, 'it names no action'],
  [{ actionTypes: ['purchase', 'purchase'] }, 'it names an action twice'],
  [{ windows: [] }, 'it names no attribution window'],
  [{ windows: ['7d'] }, '"7d" is not an attribution window such as 7d_click or default'],
  [{ windows: ['1d_click', '7d_click'] }, 'the windows 1d_click and 7d_click contain one another'],
  [{ windows: ['default', '1d_view'] }, 'the windows default and 1d_view contain one another'],
] as const)('%j is no definition', (change, reason) => {
  expect(refusal({ ...definitionPresets.purchase, ...change })).toBe(`DOMAIN_DEFINITION_INVALID ${reason}`)
})

test('every preset is a definition, and windows that are disjoint are added', () => {
  for (const preset of Object.values(definitionPresets)) expect(refusal(preset)).toBe('taken')
  expect(refusal({ ...definitionPresets.purchase, windows: ['7d_click', '1d_view'] })).toBe('taken')
})

test('definitions that count the same are the same, whatever the order of their windows', () => {
  const clicksAndViews = { ...definitionPresets.purchase, windows: ['7d_click', '1d_view'] }
  expect(sameDefinition(clicksAndViews, { ...clicksAndViews, windows: ['1d_view', '7d_click'] })).toBe(true)
  expect(sameDefinition(clicksAndViews, definitionPresets.purchase)).toBe(false)
  expect(sameDefinition(definitionPresets.purchase, definitionPresets.seed_purchase)).toBe(false)
  expect(sameDefinition(null, null)).toBe(true)
})
