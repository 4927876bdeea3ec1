// Alerts and dashboard ask for metrics that there are. Whether the alerts fire when they should: test/tools-sandbox.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { parse } from 'yaml'

const FOLDER = 'deploy/optional/monitoring'

interface Rules {
  spec: { groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[] }
}

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[]
}

function alerts() {
  const { spec } = parse(readFileSync(`${FOLDER}/alerts.yaml`, 'utf8')) as Rules
  return spec.groups.flatMap(({ rules }) => rules)
}

function panels() {
  return (JSON.parse(readFileSync(`${FOLDER}/dashboard.json`, 'utf8')) as Dashboard).panels
}

/** With the labels of each. */
const METRICS = new Map(
  [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(\w+)` *\| (\w+) *\| ([^|]*)\|/gm)].map(
    ([, name = '', , labels = '']) => [name, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)],
  ),
)

/** Names in an expression, without what Prometheus makes of a histogram. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\b(?:metallb|typemetal)_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''))
}

test('every metric that an alert or a panel asks for is one of ours', () => {
  const asked = [
    ...alerts().map(({ alert, expr }) => ({ who: alert, expr })),
    ...panels().flatMap(({ title, targets }) => targets.map(({ expr }) => ({ who: title, expr }))),
  ]
  assert.ok(asked.length > 20)
  for (const { who, expr } of asked) {
    const names = metricsIn(expr)
    assert.ok(names.length > 0, who)
    for (const name of names) assert.ok(METRICS.has(name), `${who}: ${name}`)
  }
})

test('a summary names only labels that its metric, or the scrape, has', () => {
  for (const { alert, expr, annotations } of alerts()) {
    const known = new Set(['pod', 'node', ...metricsIn(expr).flatMap((name) => METRICS.get(name) ?? [])])
    for (const [, label] of annotations.summary.matchAll(/\$labels\.(\w+)/g))
      assert.ok(label !== undefined && known.has(label), `${alert}: ${label}`)
  }
})

test('MetalLB’s alerts are there under their names', () => {
  const names = new Set(alerts().map(({ alert }) => alert))
  for (const name of [
    'MetalLBStaleConfig',
    'MetalLBConfigNotLoaded',
    'MetalLBAddressPoolExhausted',
    'MetalLBAddressPoolUsage75Percent',
    'MetalLBAddressPoolUsage85Percent',
    'MetalLBAddressPoolUsage95Percent',
  ])
    assert.ok(names.has(name), name)
})
