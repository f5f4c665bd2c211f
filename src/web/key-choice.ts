const keysKey = 'millrace.keys'

/** Whether the reader switched single-key shortcuts off in this browser (WCAG 2.1.4). */
export function areKeysOff(): boolean {
  return localStorage.getItem(keysKey) === 'off'
}

export function setKeysOff(isOff: boolean): void {
  if (isOff) localStorage.setItem(keysKey, 'off')
  else localStorage.removeItem(keysKey)
}
