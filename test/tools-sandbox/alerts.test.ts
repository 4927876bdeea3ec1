// Whether the alerts fire when they should, and are silent when they should be: promtool and recorded series.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { parse, stringify } from 'yaml'
import { goTool } from '../../scripts/go-tool.mjs'

const RULES = 'deploy/optional/monitoring/alerts.yaml'
const SERIES = 'test/tools-sandbox/alerts.yaml'

/** What a scrape by deploy/optional/monitoring/pod-monitor.yaml adds to each series: rules that compare two see it too. */
const SCRAPED = {
  namespace: 'metallb-system',
  job: 'metallb',
  instance: '10.244.0.5:9120',
  container: 'controller',
  endpoint: 'metricshttps',
  node: 'node-1',
}

interface RuleTests {
  tests: {
    input_series: { series: string }[]
    alert_rule_test: { exp_alerts: { exp_labels: Record<string, string> }[] }[]
  }[]
}

let promtool = ''
const folder = mkdtempSync(join(tmpdir(), 'alerts-'))

before(async () => {
  promtool = await goTool('promtool')
  // What the operator hands to Prometheus is the spec of the object.
  const { spec } = parse(readFileSync(RULES, 'utf8')) as { spec: object }
  writeFileSync(join(folder, 'rules.yaml'), stringify(spec))
})

after(() => rmSync(folder, { recursive: true, force: true }))

function run(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
}

/** Gives series, and the alerts that one of them raises, the labels of a scrape. */
function scrape({ input_series, alert_rule_test }: RuleTests['tests'][number]): void {
  const labels = Object.entries(SCRAPED).map(([name, value]) => `${name}="${value}"`)
  for (const each of input_series) each.series = each.series.replace('{', `{${labels.join(', ')}, `)
  for (const { exp_labels } of alert_rule_test.flatMap(({ exp_alerts }) => exp_alerts))
    if ('pod' in exp_labels) Object.assign(exp_labels, SCRAPED)
}

test('the rules are ones that Prometheus takes', () => {
  run('check', 'rules', '--lint=all', '--lint-fatal', join(folder, 'rules.yaml'))
})

test('each alert fires when it should, and not before', () => {
  const { tests } = parse(readFileSync(SERIES, 'utf8')) as RuleTests
  for (const each of tests) scrape(each)
  const file = join(folder, 'tests.yaml')
  writeFileSync(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '15s', tests }))
  run('test', 'rules', file)
})

test('every alert is tested', () => {
  const { groups } = parse(readFileSync(join(folder, 'rules.yaml'), 'utf8')) as {
    groups: { rules: { alert: string }[] }[]
  }
  const text = readFileSync(SERIES, 'utf8')
  for (const { alert } of groups.flatMap(({ rules }) => rules))
    assert.ok(new RegExp(`alertname: ${alert}$`, 'm').test(text), alert)
})
