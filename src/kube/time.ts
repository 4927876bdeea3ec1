// Instants as the API writes them.

/** Now, RFC 3339 with whole seconds: metav1.Time. */
export function timestamp(at = new Date()): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z')
}
