import type { ReactNode } from 'react'
import { Area, AreaChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { instant } from './format.ts'

export interface LiveMinute {
  readonly at: string
  readonly impressions: number
  readonly clicks: number
  readonly conversions: number
}

const colours = { impressions: 'var(--google)', clicks: 'var(--meta)', conversions: 'var(--third)' } as const

/** Events by the minute, stacked. */
export default function LiveChart({
  rows,
  names,
  zone,
  label,
}: {
  readonly rows: readonly LiveMinute[]
  readonly names: Readonly<Record<keyof typeof colours, string>>
  readonly zone: string
  readonly label: string
}): ReactNode {
  return (
    <ResponsiveContainer width="100%" height="100%" minWidth={0}>
      <AreaChart
        data={[...rows]}
        margin={{ top: 8, right: 8, bottom: 0, left: 0 }}
        title={label}
        role="img"
        accessibilityLayer={false}
      >
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis
          dataKey="at"
          tickFormatter={(at: string) => instant(at, zone, 'clock')}
          stroke="var(--dim)"
          minTickGap={24}
          tick={{ fontSize: 12 }}
        />
        <YAxis stroke="var(--dim)" width={56} tick={{ fontSize: 12 }} allowDecimals={false} />
        <Tooltip contentStyle={{ background: 'var(--card)', border: '1px solid var(--line)', color: 'var(--text)' }} />
        <Legend />
        {(['impressions', 'clicks', 'conversions'] as const).map((metric) => (
          <Area
            key={metric}
            type="linear"
            dataKey={metric}
            name={names[metric]}
            stackId="all"
            stroke={colours[metric]}
            fill={colours[metric]}
            fillOpacity={0.35}
            isAnimationActive={false}
          />
        ))}
      </AreaChart>
    </ResponsiveContainer>
  )
}
