import type { ReactNode } from 'react'
import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { platformName, share } from './format.ts'
import { colourOf } from './series.ts'
import { useSpeech } from './words.ts'

interface MaturityChartProps {
  readonly points: readonly (Readonly<Record<string, number | null>> & { readonly age: number })[]
  readonly platforms: readonly string[]
  readonly label: string
}

/** Shares of the settled value by age, a line a platform; the axis begins where the lowest is, because nothing is near to zero. */
export default function MaturityChart({ points, platforms, label }: MaturityChartProps): ReactNode {
  const { language } = useSpeech()
  const text = (value: unknown) => (typeof value === 'number' ? share(String(value), language, 1) : String(value))
  return (
    <ResponsiveContainer width="100%" height="100%" minWidth={0}>
      <LineChart
        data={[...points]}
        margin={{ top: 8, right: 12, bottom: 0, left: 0 }}
        title={label}
        role="img"
        accessibilityLayer={false}
      >
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis dataKey="age" stroke="var(--dim)" minTickGap={16} tick={{ fontSize: 12 }} />
        <YAxis
          stroke="var(--dim)"
          width={56}
          tick={{ fontSize: 12 }}
          domain={[(low: number) => Math.max(0, low - 0.02), (high: number) => high + 0.02]}
          tickFormatter={text}
        />
        <Tooltip
          formatter={text}
          contentStyle={{ background: 'var(--card)', border: '1px solid var(--line)', color: 'var(--text)' }}
        />
        <Legend />
        {platforms.map((platform, place) => (
          <Line
            key={platform}
            type="stepAfter"
            dataKey={platform}
            name={platformName(platform)}
            stroke={colourOf(platform, place)}
            strokeWidth={2}
            dot={false}
            isAnimationActive={false}
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  )
}
