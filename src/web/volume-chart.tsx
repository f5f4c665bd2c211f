import type { ReactNode } from 'react'
import { Area, AreaChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { platformName } from './format.ts'
import type { VolumeRow } from './series.ts'
import { colourOf, pivotVolume } from './series.ts'

/** Stacked area of records a day, one colour a platform. */
export default function VolumeChart({
  rows,
  label,
}: {
  readonly rows: readonly VolumeRow[]
  readonly label: string
}): ReactNode {
  const { platforms, days } = pivotVolume(rows)
  return (
    <ResponsiveContainer width="100%" height="100%" minWidth={0}>
      <AreaChart
        data={[...days]}
        margin={{ top: 8, right: 8, bottom: 0, left: 0 }}
        title={label}
        role="img"
        accessibilityLayer={false}
      >
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis
          dataKey="date"
          tickFormatter={(date: string) => date.slice(5)}
          stroke="var(--dim)"
          minTickGap={24}
          tick={{ fontSize: 12 }}
        />
        <YAxis stroke="var(--dim)" width={40} tick={{ fontSize: 12 }} allowDecimals={false} />
        <Tooltip contentStyle={{ background: 'var(--card)', border: '1px solid var(--line)', color: 'var(--text)' }} />
        <Legend />
        {platforms.map((platform, place) => (
          <Area
            key={platform}
            type="monotone"
            dataKey={platform}
            name={platformName(platform)}
            stackId="all"
            stroke={colourOf(platform, place)}
            fill={colourOf(platform, place)}
            fillOpacity={0.35}
            isAnimationActive={false}
          />
        ))}
      </AreaChart>
    </ResponsiveContainer>
  )
}
