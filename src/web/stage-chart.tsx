import type { ReactNode } from 'react'
import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import type { Answer } from './client.ts'
import { instant } from './format.ts'
import { useSpeech } from './words.ts'

const lines = [
  ['extraction', 'var(--google)'],
  ['transformation', 'var(--third)'],
  ['loading', 'var(--meta)'],
] as const

interface StageChartProps {
  readonly stages: Answer<'GET /api/v1/overview'>['stages']
  readonly zone: string
  readonly label: string
}

/** Minutes that each run spent in its stages. */
export default function StageChart({ stages, zone, label }: StageChartProps): ReactNode {
  const { say } = useSpeech()
  return (
    <ResponsiveContainer width="100%" height="100%" minWidth={0}>
      <LineChart
        data={[...stages]}
        margin={{ top: 8, right: 12, bottom: 0, left: 0 }}
        title={label}
        role="img"
        accessibilityLayer={false}
      >
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis
          dataKey="at"
          tickFormatter={(at: string) => instant(at, zone, 'minute').slice(5, 16)}
          stroke="var(--dim)"
          minTickGap={24}
          tick={{ fontSize: 12 }}
        />
        <YAxis stroke="var(--dim)" width={48} tick={{ fontSize: 12 }} />
        <Tooltip
          labelFormatter={(at) => (typeof at === 'string' ? instant(at, zone, 'minute') : at)}
          formatter={(value) => (typeof value === 'number' ? value.toFixed(2) : value)}
          contentStyle={{ background: 'var(--card)', border: '1px solid var(--line)', color: 'var(--text)' }}
        />
        <Legend />
        {lines.map(([name, colour]) => (
          <Line
            key={name}
            type="linear"
            dataKey={name}
            name={say.overview.stageNames[name]}
            stroke={colour}
            strokeWidth={2}
            isAnimationActive={false}
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  )
}
