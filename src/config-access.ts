import { z } from 'zod'
import { roles } from './domain/role.ts'

const clientName = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u)

/** Who may use the server, and for whom each account advertises. */
export const accessSection = z.strictObject({
  login: z.boolean().default(false),
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  sessionHours: z.number().min(0.1).max(2_160).default(168),
  idleHours: z.number().min(0.1).max(2_160).default(12),
  clients: z
    .record(clientName, z.array(z.string().regex(/^[a-z_]+\/\S+$/)))
    .refine((clients) => new Set(Object.values(clients).flat()).size === Object.values(clients).flat().length, {
      error: 'an account belongs to one client',
    })
    .default({}),
  oidc: z
    .strictObject({
      name: z.string().min(1).max(40).default('OpenID'),
      issuer: z.url({ protocol: /^https?$/ }),
      clientId: z.string().min(1),
      clientSecret: z.string().min(1).optional(),
      scopes: z.array(z.string()).default(['openid', 'profile', 'email']),
      claim: z.string().min(1).default('groups'),
      roles: z.record(z.enum(roles), z.array(z.string())).optional(),
      everybody: z.enum(roles).optional(),
    })
    .optional(),
})

export type AccessSettings = z.output<typeof accessSection>
