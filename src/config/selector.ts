// Label selectors, compiled and checked as the API server checks its own (it does not check those in our objects).
import type { LabelSelector } from '../api/index.ts'
import { quote } from '../ip/index.ts'

export type Labels = Readonly<Record<string, string>>

interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values: readonly string[]
}

/** All requirements must hold; without any, everything is selected. */
export type Selector = readonly Requirement[]

/** `problem` is a sentence that names the bad value. */
export type ParsedSelectors = { readonly selectors: readonly Selector[] } | { readonly problem: string }

/** Reads the selectors of `field`; doubles are refused, as MetalLB does, because one of them is likely a slip. */
export function parseSelectors(field: string, list: readonly LabelSelector[] = []): ParsedSelectors {
  const selectors: Selector[] = []
  const seen = new Set<string>()
  for (const selector of list) {
    const requirements = requirementsOf(selector)
    const problem = requirements.map(problemWith).find((found) => found !== null)
    if (problem !== undefined) return { problem: `${field}: ${problem}` }
    const text = requirements.map(textOf).sort()
    if (new Set(text).size < text.length)
      return { problem: `${field}: an expression stands twice in one selector` }
    if (seen.has(text.join())) return { problem: `${field}: a selector stands twice` }
    seen.add(text.join())
    selectors.push(requirements)
  }
  return { selectors }
}

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): Requirement[] {
  const labels = Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] }))
  return [...labels, ...matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values }))]
}

interface Operator {
  readonly takesValues: boolean
  /** `value`: the label's, `undefined` when it is not there. */
  readonly holds: (value: string | undefined, values: readonly string[]) => boolean
}

const OPERATORS = new Map<string, Operator>([
  ['In', { takesValues: true, holds: (value, values) => value !== undefined && values.includes(value) }],
  ['NotIn', { takesValues: true, holds: (value, values) => value === undefined || !values.includes(value) }],
  ['Exists', { takesValues: false, holds: (value) => value !== undefined }],
  ['DoesNotExist', { takesValues: false, holds: (value) => value === undefined }],
])

// Kubernetes: "Labels and Selectors", syntax and character set.
const NAME = /^(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const PREFIX = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/

function isKey(key: string): boolean {
  const slash = key.indexOf('/')
  return NAME.test(key.slice(slash + 1)) && (slash < 0 || PREFIX.test(key.slice(0, slash)))
}

function problemWith({ key, operator, values }: Requirement): string | null {
  if (!isKey(key)) return `${quote(key)} is not a label name`
  const known = OPERATORS.get(operator)
  if (known === undefined) {
    return `${quote(operator)} is not an operator: use In, NotIn, Exists or DoesNotExist`
  }
  if (known.takesValues !== values.length > 0) {
    return `${operator} of ${quote(key)} needs ${known.takesValues ? 'at least one value' : 'no values'}`
  }
  if (new Set(values).size < values.length) return `a value of ${quote(key)} stands twice`
  const bad = values.find((value) => value !== '' && !NAME.test(value))
  return bad === undefined ? null : `${quote(bad)} is not a label value`
}

/** Equal for expressions that mean the same. */
function textOf({ key, operator, values }: Requirement): string {
  return JSON.stringify([key, operator, values.toSorted()])
}

export function selects(selector: Selector, labels: Labels): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined
    return OPERATORS.get(operator)?.holds(value, values) ?? false
  })
}

/** Whether no selector is given, or any of them selects. */
export function anySelects(selectors: readonly Selector[], labels: Labels): boolean {
  return selectors.length === 0 || selectors.some((selector) => selects(selector, labels))
}
