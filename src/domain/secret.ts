/** A secret that the program itself replaces from time to time, such as a refresh token of which each use gives a new one. */
export interface RotatingSecret {
  readonly value: string
  /** When it stops to work; null when nobody said. */
  readonly expiresAtMs: number | null
}

/** The secrets of one connection at rest, by the name of the option that they are: `refreshToken`. */
export interface ConnectionSecrets {
  /** Throws WAREHOUSE_SECRET_LOCKED when the key is another one than the secret was closed with. */
  read(name: string): Promise<RotatingSecret | undefined>
  /**
   * Replaces a secret under a lock that all processes of the project share: one renews, whoever waited finds the new value and is
   * handed it as `current`. What `renew` returns is kept before this resolves; undefined keeps what is there.
   */
  rotate(
    name: string,
    renew: (current: RotatingSecret | undefined) => Promise<RotatingSecret | undefined>,
  ): Promise<RotatingSecret | undefined>
}
