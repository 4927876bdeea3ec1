// What a speaker's pod tells of the speaker. Pure.

import type { Pod } from '../api/index.ts'

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
}

/** Whether the speaker was told to announce from nodes that are excluded from load balancers. */
export function excludeLabelIgnored({ spec }: Pod): boolean {
  const args = (spec?.containers ?? []).flatMap((container) => container.args ?? [])
  return args.some((arg) => /^--?ignore-exclude-lb(=(1|t|T|TRUE|true|True))?$/.test(arg))
}
