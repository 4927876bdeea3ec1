// A chart that makes what MetalLB's chart makes, as far as it matters to the chart that comes after it: workloads of its
// names and selectors whose pods do nothing, its definitions without a policy, a webhook that nobody serves.

import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ADMISSION, bgpPeerDefinition, BY_WEBHOOK } from '../e2e/metallb-stand-in.ts'

function labels(component: string): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'metallb',
    'app.kubernetes.io/instance': 'metallb',
    'app.kubernetes.io/component': component,
  }
}

function workload(kind: string, component: string, pod: object): object {
  const containers = [
    { name: component, image: `quay.io/metallb/${component}:v0.16.1`, args: ['--port=9120'] },
  ]
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: `metallb-${component}`, labels: labels(component) },
    spec: {
      selector: { matchLabels: labels(component) },
      template: {
        metadata: { labels: labels(component) },
        spec: { terminationGracePeriodSeconds: 0, containers, ...pod },
      },
    },
  }
}

/** Writes the chart. With the value `webhook` it has the webhook, which then refuses every pool. */
export function writeMetalLBChart(folder: string): void {
  const templates = join(folder, 'templates')
  mkdirSync(templates, { recursive: true })
  writeFileSync(
    join(folder, 'Chart.yaml'),
    JSON.stringify({ apiVersion: 'v2', name: 'metallb', version: '0.16.1' }),
  )
  writeFileSync(join(folder, 'values.yaml'), 'webhook: false\n')
  for (const file of readdirSync('crds').filter((name) => name !== 'kustomization.yaml'))
    cpSync(join('crds', file), join(templates, file))
  const write = (name: string, text: string): void => writeFileSync(join(templates, `${name}.yaml`), text)
  write('controller', JSON.stringify(workload('Deployment', 'controller', {})))
  write('speaker', JSON.stringify(workload('DaemonSet', 'speaker', { hostNetwork: true })))
  write('webhook', `{{ if .Values.webhook }}${JSON.stringify(ADMISSION)}{{ end }}`)
  const [plain, converted] = [{ strategy: 'None' }, BY_WEBHOOK].map((conversion) =>
    JSON.stringify(bgpPeerDefinition(conversion)),
  )
  write('bgppeers', `{{ if .Values.webhook }}${converted}{{ else }}${plain}{{ end }}`)
}
