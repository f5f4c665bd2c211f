import type { ReactNode } from 'react'

export interface ScorePoint {
  readonly name: string
  readonly score: number | null
}

const centre = { x: 170, y: 110 }
const radius = 80
const rings = [50, 100]

/** Where a score of 0 to 100 stands on the axis `at` of `count`, the first one pointing up. */
function placeOf(at: number, count: number, score: number): { readonly x: number; readonly y: number } {
  const angle = (2 * Math.PI * at) / count - Math.PI / 2
  const length = (radius * score) / 100
  return { x: centre.x + length * Math.cos(angle), y: centre.y + length * Math.sin(angle) }
}

const pointsOf = (scores: readonly number[]) =>
  scores
    .map((score, at) => placeOf(at, scores.length, score))
    .map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`)
    .join(' ')

/**
 * The radar of the four scores; never alone, because nobody reads a value off a radar. Drawn by hand: the chart library's radar weighs
 * nine kilobytes for one polygon. What was not judged is drawn at the centre and said in the table.
 */
export default function ScoreChart({
  points,
  label,
}: {
  readonly points: readonly ScorePoint[]
  readonly label: string
}): ReactNode {
  return (
    <svg viewBox="0 0 340 220" width="100%" height="100%" role="img" aria-label={label} className="radar">
      {rings.map((ring) => (
        <polygon key={ring} points={pointsOf(points.map(() => ring))} className="radar-ring" />
      ))}
      <polygon points={pointsOf(points.map(({ score }) => score ?? 0))} className="radar-area" />
      {points.map(({ name }, at) => {
        const { x, y } = placeOf(at, points.length, 116)
        const anchor = Math.abs(x - centre.x) < 1 ? 'middle' : x > centre.x ? 'start' : 'end'
        return (
          <text key={name} x={x} y={y + 4} textAnchor={anchor}>
            {name}
          </text>
        )
      })}
    </svg>
  )
}
