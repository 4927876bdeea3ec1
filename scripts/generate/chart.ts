// deploy/helm/typemetal/files/: the manifests that the chart lays its values over, for a chart can read nothing outside.

import { basename } from 'node:path'
import { type Generated, read, yamlFiles } from './sources.ts'

export const CHART_FILES = 'deploy/helm/typemetal/files'

const SOURCES: Readonly<Record<string, string>> = {
  'alerts.yaml': 'deploy/optional/monitoring/alerts.yaml',
  'controller.yaml': 'deploy/controller.yaml',
  'disruption-budget.yaml': 'deploy/disruption-budget.yaml',
  'excluded-interfaces.yaml': 'deploy/excluded-interfaces.yaml',
  'network-policies.yaml': 'deploy/optional/network-policy/policies.yaml',
  'metrics-reader.yaml': 'deploy/optional/monitoring/metrics-reader.yaml',
  'pod-monitor.yaml': 'deploy/optional/monitoring/pod-monitor.yaml',
  'rbac.yaml': 'deploy/rbac.yaml',
  'speaker.yaml': 'deploy/speaker.yaml',
}

export function chartFiles(): Generated {
  const definitions = yamlFiles('crds').filter((file) => basename(file) !== 'kustomization.yaml')
  const sources = new Map(Object.entries(SOURCES))
  for (const file of definitions) sources.set(file, file)
  return new Map([...sources].map(([name, source]) => [`${CHART_FILES}/${name}`, copyOf(source)]))
}

function copyOf(source: string): string {
  return `# A copy of ${source}: edit that, then \`npm run generate\`.\n${read(source)}`
}
