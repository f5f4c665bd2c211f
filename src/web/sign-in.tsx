import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { ApiError, call } from './client.ts'
import type { Me } from './me.ts'
import { ErrorBox } from './panel.tsx'
import { useTitle } from './screen.ts'
import { TextField } from './text-field.tsx'
import type { accessEn } from './words-access.ts'
import { useSpeech } from './words.ts'

/** The token of a link that makes the first admin; behind the #, which a browser tells no server. */
const setupToken = (): string | undefined => /^#setup=([\w-]+)$/.exec(location.hash)?.[1]

type Refusal = keyof typeof accessEn.refused

/** Why the way back from another place came to nothing. */
const refusal = (): Refusal | undefined =>
  (['ACCESS_OIDC_FAILED', 'ACCESS_OIDC_NOBODY'] as const).find((code) => location.hash === `#refused=${code}`)

/** What is shown instead of every screen until somebody has signed in. */
export function SignIn({ me }: { readonly me: Me }): ReactNode {
  const { say } = useSpeech()
  const token = setupToken()
  useTitle(say.access.signIn)
  if (!me.ready && !me.ways.key) return <p role="status">{say.access.starting}</p>
  return (
    <div className="sign-in">
      <h1>{me.setup && token !== undefined ? say.access.first : say.access.signInTo}</h1>
      {!me.ready && <p role="status">{say.access.starting}</p>}
      {me.setup && token !== undefined ? <FirstAdmin token={token} /> : <Ways me={me} />}
    </div>
  )
}

/**
 * Over a screen whose session has ended: what was typed there stays until its reader is known again, and is not seen until then. A
 * window of the browser's own, because a dialog that is open on the screen lets nothing beneath itself be used.
 */
export function SignInAgain({ me }: { readonly me: Me }): ReactNode {
  const { say } = useSpeech()
  const element = useRef<HTMLDialogElement>(null)
  const show = () => element.current?.isConnected && !element.current.open && element.current.showModal()
  useEffect(() => {
    const dialog = element.current
    // Escape would close it, and pressed again the dialog beneath with what was typed there.
    dialog?.setAttribute('closedby', 'none')
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog ref={element} className="dialog" aria-label={say.access.signInTo} onClose={show}>
      <p role="status">{say.access.over}</p>
      <SignIn me={me} />
    </dialog>
  )
}

function Ways({ me: { ways, setup } }: { readonly me: Me }): ReactNode {
  const { say, language } = useSpeech()
  const [isKey, setKey] = useState(!ways.password)
  const refused = refusal()
  return (
    <>
      {refused && (
        <p className="error" role="alert">
          {say.access.refused[refused]}
        </p>
      )}
      {setup && <p className="sub">{say.access.setupWanted}</p>}
      {ways.oidc !== null && (
        <a className="button primary" href={`/api/v1/login/oidc?lang=${language}`}>
          {say.access.byIssuer(ways.oidc)}
        </a>
      )}
      {isKey ? <ByKey /> : <ByPassword />}
      {ways.password && (
        <button type="button" className="link" onClick={() => setKey(!isKey)}>
          {isKey ? say.access.byPassword : say.access.byKey}
        </button>
      )}
    </>
  )
}

function ByPassword(): ReactNode {
  const { say, language } = useSpeech()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  return (
    <Form
      label={say.access.signIn}
      send={() => call('POST /api/v1/session', { body: { name, password }, lang: language })}
    >
      <TextField label={say.access.name} value={name} onChange={setName} autoComplete="username" isRequired />
      <TextField
        label={say.access.password}
        value={password}
        onChange={setPassword}
        type="password"
        autoComplete="current-password"
        isRequired
      />
    </Form>
  )
}

function ByKey(): ReactNode {
  const { say, language } = useSpeech()
  const [key, setKey] = useState('')
  return (
    <Form label={say.access.signIn} send={() => call('POST /api/v1/session', { body: { key }, lang: language })}>
      <TextField label={say.access.key} value={key} onChange={setKey} type="password" autoComplete="off" isRequired />
    </Form>
  )
}

function FirstAdmin({ token }: { readonly token: string }): ReactNode {
  const { say, language } = useSpeech()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const send = async () => {
    const answer = await call('POST /api/v1/setup', { body: { token, name, password }, lang: language })
    // A link that was used is of no use to whoever finds it in the history.
    history.replaceState(history.state, '', `${location.pathname}${location.search}`)
    return answer
  }
  return (
    <Form label={say.access.make} send={send}>
      <p className="sub">{say.access.firstSub}</p>
      <TextField label={say.access.name} value={name} onChange={setName} autoComplete="username" isRequired />
      <TextField
        label={say.access.newPassword}
        hint={say.access.passwordHint}
        value={password}
        onChange={setPassword}
        type="password"
        autoComplete="new-password"
        isRequired
      />
    </Form>
  )
}

interface FormProps {
  readonly label: string
  readonly send: () => Promise<unknown>
  readonly children: ReactNode
}

/** Fields and one button; what the server refuses is said below it, in its own words. */
function Form({ label, send, children }: FormProps): ReactNode {
  const client = useQueryClient()
  const sent = useMutation({ mutationFn: send, onSuccess: () => client.invalidateQueries() })
  return (
    <form
      className="panel stack"
      onSubmit={(event) => {
        event.preventDefault()
        sent.mutate()
      }}
    >
      {children}
      <button type="submit" className="primary" disabled={sent.isPending}>
        {label}
      </button>
      {sent.error instanceof ApiError && <ErrorBox problem={sent.error.problem} />}
    </form>
  )
}
