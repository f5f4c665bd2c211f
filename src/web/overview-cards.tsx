import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { count, duration, instant, percent, undefinedMark } from './format.ts'
import type { OverviewData } from './overview.tsx'
import type { FigureSource } from './why.tsx'
import { Why } from './why.tsx'
import { useSpeech } from './words.ts'

type Tone = 'ok' | 'warn' | 'err' | 'run' | 'skip'

const tones: Readonly<Record<string, Tone>> = {
  success: 'ok',
  good: 'ok',
  normal: 'ok',
  fresh: 'ok',
  running: 'run',
  partial: 'warn',
  warn: 'warn',
  quiet: 'skip',
  behind: 'warn',
  old: 'warn',
  failed: 'err',
  bad: 'err',
  none: 'skip',
}
const shapes = { ok: '●', warn: '▲', err: '■', run: '◐', skip: '○' } as const

/** The four cards of the morning: a state in a word, its figure, and what it rests on. */
export function Cards({ query }: { readonly query: UseQueryResult<OverviewData> }): ReactNode {
  const { say } = useSpeech()
  const { cards: said } = say.overview
  const { data } = query
  if (!data)
    return (
      <div className="cards">
        {[said.pipeline, said.quality, said.stream, said.models].map((title) => (
          <section key={title} className="card">
            <h2>{title}</h2>
            <div className="skeleton" style={{ height: 64 }} />
          </section>
        ))}
      </div>
    )
  return (
    <div className="cards">
      <PipelineCard data={data} />
      <QualityCard data={data} />
      <StreamCard data={data} />
      <ModelsCard data={data} />
    </div>
  )
}

interface CardProps {
  readonly title: string
  readonly state: string
  readonly word: string
  readonly figure: string
  readonly lines: readonly string[]
  readonly source: FigureSource | undefined
}

function Card({ title, state, word, figure, lines, source }: CardProps): ReactNode {
  const tone = tones[state] ?? 'skip'
  return (
    <section className="card">
      <h2>
        {title} {source && <Why title={title} source={source} />}
      </h2>
      <p className={`state state-${tone}`}>
        <span aria-hidden="true">{shapes[tone]}</span> {word} <span className="big">{figure}</span>
      </p>
      {lines.map((line) => (
        <p key={line} className="sub">
          {line}
        </p>
      ))}
    </section>
  )
}

function PipelineCard({ data }: { readonly data: OverviewData }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview.cards
  const { state, percent: share, seconds, endedAt } = data.cards.pipeline
  return (
    <Card
      title={said.pipeline}
      state={state}
      word={said.pipelineStates[state]}
      figure={percent(share, language)}
      lines={[
        ...(seconds === null ? [] : [said.took(duration(seconds, language))]),
        ...(endedAt === null ? [] : [instant(endedAt, data.zone)]),
      ]}
      source={data.sources['brief-runs']}
    />
  )
}

function QualityCard({ data }: { readonly data: OverviewData }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview.cards
  const { state, score, scoreBefore, passed, judged } = data.cards.quality
  const change = score === null || scoreBefore === null ? null : Number(score) - Number(scoreBefore)
  const changeText = new Intl.NumberFormat(language, { maximumFractionDigits: 2, signDisplay: 'exceptZero' })
  return (
    <Card
      title={said.quality}
      state={state}
      word={said.qualityStates[state]}
      figure={percent(score, language)}
      lines={[
        said.checks(count(passed, language), count(judged, language)),
        ...(change === null ? [] : [said.points(changeText.format(change))]),
      ]}
      source={data.sources['brief-checks']}
    />
  )
}

function StreamCard({ data }: { readonly data: OverviewData }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview.cards
  const { state, eventsPerHour, waiting, lastAt } = data.cards.stream
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })
  return (
    <Card
      title={said.stream}
      state={state}
      word={said.streamStates[state]}
      figure={state === 'none' ? undefinedMark : said.perHour(compact.format(eventsPerHour))}
      lines={[
        ...(lastAt === null ? [] : [said.lastEvent(instant(lastAt, data.zone, 'minute'))]),
        ...(state === 'none' ? [] : [said.waiting(count(waiting, language))]),
      ]}
      source={data.sources['brief-stream']}
    />
  )
}

function ModelsCard({ data }: { readonly data: OverviewData }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview.cards
  const { state, models, testsPassed, testsFailed, builtAt } = data.cards.models
  return (
    <Card
      title={said.models}
      state={state}
      word={said.modelStates[state]}
      figure={said.models_(count(models, language))}
      lines={
        builtAt === null
          ? []
          : [
              said.tests(count(testsPassed, language), count(testsFailed, language)),
              said.built(instant(builtAt, data.zone)),
            ]
      }
      source={data.sources['brief-models']}
    />
  )
}
