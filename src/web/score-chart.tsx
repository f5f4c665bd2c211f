import type { ReactNode } from 'react'
import { PolarAngleAxis, PolarGrid, PolarRadiusAxis, Radar, RadarChart, ResponsiveContainer } from 'recharts'

export interface ScorePoint {
  readonly name: string
  readonly score: number | null
}

/** The radar of the four scores; never alone, because nobody reads a value off a radar. */
export default function ScoreChart({
  points,
  label,
}: {
  readonly points: readonly ScorePoint[]
  readonly label: string
}): ReactNode {
  return (
    <ResponsiveContainer width="100%" height="100%" minWidth={0}>
      <RadarChart data={[...points]} outerRadius="72%" title={label} role="img" accessibilityLayer={false}>
        <PolarGrid stroke="var(--line)" />
        <PolarAngleAxis dataKey="name" tick={{ fontSize: 12, fill: 'var(--text)' }} />
        <PolarRadiusAxis
          domain={[0, 100]}
          angle={90}
          tick={{ fontSize: 10, fill: 'var(--dim)' }}
          tickCount={3}
          axisLine={false}
        />
        <Radar
          dataKey="score"
          stroke="var(--google)"
          fill="var(--google)"
          fillOpacity={0.3}
          isAnimationActive={false}
        />
      </RadarChart>
    </ResponsiveContainer>
  )
}
