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

test('the rules are ones that Prometheus takes', () => {
  run('check', 'rules', '--lint=all', '--lint-fatal', join(folder, 'rules.yaml'))
})

test('each alert fires when it should, and not before', () => {
  const tests = parse(readFileSync(SERIES, 'utf8')) as object
  const file = join(folder, 'tests.yaml')
  writeFileSync(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '15s', ...tests }))
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
