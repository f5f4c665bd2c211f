import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import { refreshDefault, refreshSeconds } from './address.ts'
import { BootPage } from './boot-page.tsx'
import { isDay, shiftDay, weekday } from './format.ts'
import { useKeys } from './keys.ts'
import { isStranger, useMe } from './me.ts'
import type { Me } from './me.ts'
import { useAddress, useBoot, useGo, useProject } from './screen.ts'
import { screens } from './screens.ts'
import { SignIn, SignInAgain } from './sign-in.tsx'
import { SpeechContext, languages, useSpeech, words } from './words.ts'
import { useLanguage, useTheme } from './preference.ts'
import { Who } from './who.tsx'

const languageNames = { en: 'English', ko: '한국어' } as const

/** What is around every screen: its language and theme, the screens, the day. */
export function Frame(): ReactNode {
  const language = useLanguage()
  useTheme()
  // One object a language: whoever speaks is drawn anew when it changes, and not at each change of the address.
  const speech = useMemo(() => ({ language, say: words[language] }), [language])
  return (
    <SpeechContext value={speech}>
      <Shell />
    </SpeechContext>
  )
}

function Shell(): ReactNode {
  const { say } = useSpeech()
  const boot = useBoot()
  const me = useMe().data
  const stranger = me && isStranger(me) ? me : undefined
  const isAgain = useSignedInBefore(me) && stranger !== undefined
  useKeys()
  return (
    <>
      <a className="skip" href="#main">
        {say.skip}
      </a>
      <TopBar />
      {stranger ? <nav className="screens" aria-label={say.nav.label} /> : <Screens />}
      <main id="main" tabIndex={-1} className={isAgain ? 'away' : undefined}>
        {stranger && !isAgain ? (
          <SignIn me={stranger} />
        ) : boot.data && !boot.data.ready ? (
          <BootPage boot={boot.data} />
        ) : (
          <Outlet />
        )}
      </main>
      {isAgain && <SignInAgain me={stranger} />}
    </>
  )
}

/** Somebody has been signed in since the page was opened. Whoever signs in under another name gets a page of their own. */
function useSignedInBefore(me: Me | undefined): boolean {
  const [first, setFirst] = useState<string>()
  const name = me?.who?.name
  if (name !== undefined && first === undefined) setFirst(name)
  useEffect(() => {
    if (name !== undefined && first !== undefined && name !== first) location.reload()
  }, [name, first])
  return first !== undefined
}

function Screens(): ReactNode {
  const { say } = useSpeech()
  return (
    <nav className="screens" aria-label={say.nav.label}>
      <ul>
        {screens.map(({ path, name }) => (
          <li key={path}>
            <Link to={path} search={(now) => now} activeOptions={{ exact: path === '/', includeSearch: false }}>
              {say.nav[name]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function TopBar(): ReactNode {
  const { say } = useSpeech()
  const project = useProject().data
  return (
    <header className="top">
      <p className="brand">
        <strong translate="no">Millrace</strong>
        <span className="brand-name">{say.product}</span>
        {project?.isDemo && <span className="chip">{say.bar.demo}</span>}
      </p>
      <div className="bar" role="group" aria-label={say.bar.settings}>
        <DayPicker />
        <RefreshPicker />
        <LanguagePicker />
        <ThemePicker />
        <CopyLink />
      </div>
      <Who />
    </header>
  )
}

/** The day that the screens are about; without one in the address it is yesterday of the project's zone and clock. */
function useShownDay(): { readonly day: string | undefined; readonly yesterday: string | undefined } {
  const { date } = useAddress()
  const today = useProject().data?.today
  const yesterday = today === undefined ? undefined : shiftDay(today, -1)
  return { day: date ?? yesterday, yesterday }
}

function DayPicker(): ReactNode {
  const { say, language } = useSpeech()
  const change = useGo()
  const { day, yesterday } = useShownDay()
  const go = (date: string) => change({ date: date === yesterday ? undefined : date })
  return (
    <div className="day" role="group" aria-label={say.bar.date}>
      <button
        type="button"
        aria-label={say.bar.previousDay}
        disabled={!day}
        onClick={() => day && go(shiftDay(day, -1))}
      >
        ‹
      </button>
      <label>
        <span className="label">{say.bar.date}</span>
        <input
          type="date"
          id="day"
          value={day ?? ''}
          max={yesterday}
          onChange={({ target }) => isDay(target.value) && go(target.value)}
        />
      </label>
      <span className="weekday">{day ? weekday(day, language) : ''}</span>
      <button
        type="button"
        aria-label={say.bar.nextDay}
        disabled={!day || !yesterday || day >= yesterday}
        onClick={() => day && go(shiftDay(day, 1))}
      >
        ›
      </button>
    </div>
  )
}

function RefreshPicker(): ReactNode {
  const { say } = useSpeech()
  const change = useGo()
  const { refresh = refreshDefault } = useAddress()
  return (
    <label>
      <span className="label">{say.bar.refresh}</span>
      <select value={refresh} onChange={({ target }) => change({ refresh: target.value })}>
        {refreshSeconds.map((seconds) => (
          <option key={seconds} value={seconds}>
            {say.bar.seconds(seconds)}
          </option>
        ))}
      </select>
    </label>
  )
}

function LanguagePicker(): ReactNode {
  const { say, language } = useSpeech()
  const change = useGo()
  return (
    <label>
      <span className="label">{say.bar.language}</span>
      <select value={language} onChange={({ target }) => change({ lang: target.value })}>
        {languages.map((one) => (
          <option key={one} value={one} lang={one}>
            {languageNames[one]}
          </option>
        ))}
      </select>
    </label>
  )
}

function ThemePicker(): ReactNode {
  const { say } = useSpeech()
  const change = useGo()
  const { theme = 'system' } = useAddress()
  return (
    <label>
      <span className="label">{say.bar.theme}</span>
      <select
        value={theme}
        onChange={({ target }) => change({ theme: target.value === 'system' ? undefined : target.value })}
      >
        {(['system', 'light', 'dark'] as const).map((one) => (
          <option key={one} value={one}>
            {say.bar.themes[one]}
          </option>
        ))}
      </select>
    </label>
  )
}

/** A link that shows tomorrow what it shows today: "yesterday" becomes its date. */
function CopyLink(): ReactNode {
  const { say } = useSpeech()
  const { day } = useShownDay()
  const [copied, setCopied] = useState(false)
  const href = useRouterState({ select: ({ location }) => location.href })
  const copy = () => {
    const link = new URL(href, location.origin)
    if (day) link.searchParams.set('date', day)
    void navigator.clipboard?.writeText(link.href).then(() => setCopied(true))
  }
  return (
    <button type="button" id="copy-link" onClick={copy} onBlur={() => setCopied(false)}>
      {copied ? say.bar.copied : say.bar.copy}
    </button>
  )
}
