/** What a person or a program may do, each role with all that the ones before it may: look; run and answer incidents; decide who may. */
export const roles = ['viewer', 'operator', 'admin'] as const

export type Role = (typeof roles)[number]

/** Whether someone of a role may do what wants another. */
export function covers(role: Role, wanted: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(wanted)
}
