import type { z } from 'zod'
import type { Role } from '../domain/role.ts'

/** Whom a route answers: everybody, also before signing in, or whoever has at least the role. */
export type RouteRole = 'anyone' | Role

/** What every route says of itself. */
export interface RouteSpec {
  readonly summary: string
  readonly role: RouteRole
  /**
   * Its rows can be told apart by client, so that users and keys that are limited to clients may ask: they are given their own.
   * Left out: those are refused.
   */
  readonly perClient?: true
  readonly query?: z.ZodType
  readonly params?: z.ZodType
  readonly body?: z.ZodType
  readonly response: z.ZodType
}

export type Routes = Readonly<Record<`${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`, RouteSpec>>
