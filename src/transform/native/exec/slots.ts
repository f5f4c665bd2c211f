/** Numbers of the workers that are busy: a node takes the lowest free one, as a pool of threads would name it. */
export class Slots {
  readonly #taken = new Set<number>()

  take(): number {
    let slot = 1
    while (this.#taken.has(slot)) slot += 1
    this.#taken.add(slot)
    return slot
  }

  give(slot: number): void {
    this.#taken.delete(slot)
  }
}
