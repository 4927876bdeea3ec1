// What a command has to say: a value for scripts, a text for people, an exit code.

import type { Style } from './text.ts'

export interface View {
  readonly value: object
  readonly text: (style: Style) => string
  readonly exitCode: number
}
