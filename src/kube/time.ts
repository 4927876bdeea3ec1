// Instants as the API writes them.

/** Now, RFC 3339 with whole seconds: metav1.Time. */
export function timestamp(at = new Date()): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** RFC 3339 with microseconds: metav1.MicroTime. */
export function timestampMicro(at: Date): string {
  return at.toISOString().replace(/Z$/, '000Z')
}
