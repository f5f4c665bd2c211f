import { z } from 'zod'

const point = z.object({ x: z.number(), y: z.number() })

/** Where boxes and lines of a graph stand, in pixels; laid out here, so that no browser has to load a program for it. */
export const layout = z.object({
  width: z.number(),
  height: z.number(),
  /** From the first to the last: who goes through them by Tab goes with the flow. */
  nodes: z.array(z.object({ id: z.string(), ...point.shape, width: z.number(), height: z.number() })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), points: z.array(point) })),
})
