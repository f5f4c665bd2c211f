/** What each event makes of each state; null: the event is refused there. Complete by type: a state or event that is added is missed by the compiler. */
export type StateTable<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Record<Event, State | null>>>
>

/** The row of a state in which nothing happens but what is named. */
export function only<State extends string, Event extends string>(
  none: Readonly<Record<Event, null>>,
  some: Readonly<Partial<Record<Event, State>>>,
): Readonly<Record<Event, State | null>> {
  return { ...none, ...some }
}
