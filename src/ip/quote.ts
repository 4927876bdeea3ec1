// Text that others wrote, in a sentence of ours: told apart from our words, and never at length.

const QUOTED_LENGTH = 100

/** As JSON; a long text, which anybody can put into an object, is cut. */
export function quote(text: string): string {
  return JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text)
}
