// The Helm chart: what it makes of its values, and its life in a cluster.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { before } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { goTool } from '../../scripts/go-tool.mjs'
import { startSandbox } from '../sandbox/sandbox.ts'
import { writeMetalLBChart } from './metallb-chart.ts'

const CHART = 'deploy/helm/typemetal'

interface KubernetesObject {
  kind: string
  metadata: { name: string; namespace?: string; labels?: object; annotations?: object }
  spec?: { selector?: object; template?: { metadata: { labels?: object } } }
}

interface Workload {
  metadata: { name: string }
  spec: {
    replicas?: number
    selector: { matchLabels: Record<string, string> }
    template: { metadata: { labels: Record<string, string> }; spec: PodSpec }
  }
}

interface PodSpec {
  nodeSelector: Record<string, string>
  tolerations: object[]
  volumes: { name: string }[]
  containers: [
    { image: string; args: string[]; ports: object[]; volumeMounts: object[]; livenessProbe?: object },
  ]
}

let helm = ''

before(async () => {
  helm = await goTool('helm')
})

/** The chart's objects as YAML. Throws what Helm says when it refuses `values`. */
function template(values: object): string {
  const release = ['template', 'metallb', CHART, '--namespace', 'metallb-system', '--kube-version', '1.36.0']
  const input = JSON.stringify(values)
  const { status, stdout, stderr } = spawnSync(helm, [...release, '-f', '-'], { input, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

function objects(yaml: string): KubernetesObject[] {
  const all = parseAllDocuments(yaml).map((document) => document.toJS() as KubernetesObject | null)
  return all.filter((each) => each !== null)
}

function workload(kind: 'Deployment' | 'DaemonSet', values: object): Workload {
  const found = objects(template(values)).find((each) => each.kind === kind)
  return found as unknown as Workload
}

/** By kind and name, and without what is the chart's own: labels, selectors, and what Helm is told. */
function bareObjects(yaml: string): Record<string, KubernetesObject> {
  const entries = objects(yaml).map((object): [string, KubernetesObject] => {
    const { kind, metadata, spec } = object
    delete metadata.labels
    delete metadata.annotations
    delete spec?.selector
    delete spec?.template?.metadata.labels
    return [`${kind} ${metadata.name}`, object]
  })
  return Object.fromEntries(entries)
}

test('helm lint has nothing to say', () => {
  const { status, stdout } = spawnSync(helm, ['lint', '--strict', CHART], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
  assert.doesNotMatch(stdout, /WARNING|ERROR/)
})

test('with its defaults the chart makes what deploy/ has, under names of its own', () => {
  const values = { fullnameOverride: 'metallb-system', prometheus: { scrapeAnnotations: true } }
  const made = template(values).replaceAll(/(name|serviceAccountName): metallb-system-/gi, '$1: ')
  const expected = bareObjects(readFileSync('deploy/typemetal.yaml', 'utf8'))
  delete expected['Namespace metallb-system'] // Helm's own --create-namespace
  assert.deepEqual(bareObjects(made), expected)
})

test("a release named metallb has the names and selectors of MetalLB's chart", () => {
  const { metadata, spec } = workload('DaemonSet', {})
  assert.equal(metadata.name, 'metallb-speaker')
  assert.deepEqual(spec.selector.matchLabels, {
    'app.kubernetes.io/name': 'metallb',
    'app.kubernetes.io/instance': 'metallb',
    'app.kubernetes.io/component': 'speaker',
  })
  const { app, component } = spec.template.metadata.labels
  assert.deepEqual({ app, component }, { app: 'metallb', component: 'speaker' })
  assert.equal(workload('Deployment', {}).metadata.name, 'metallb-controller')
})

test("a full copy of MetalLB's values makes objects of the same names and selectors as none", () => {
  const copy = parse(readFileSync('test/tools-sandbox/metallb-values.yaml', 'utf8')) as object
  const identities = (values: object): object[] =>
    objects(template(values)).map(({ kind, metadata: { name, labels }, spec }) => {
      return { kind, name, labels, selector: spec?.selector, podLabels: spec?.template?.metadata.labels }
    })
  assert.deepEqual(identities(copy), identities({}))
})

const COMMON = {
  image: { repository: 'registry.example/typemetal', tag: 'v9' },
  loadBalancerClass: 'lan',
  prometheus: { metricsPort: 9999 },
}

test("the controller's values reach its Deployment", () => {
  const controller = { replicas: 1, logLevel: 'debug', livenessProbe: { enabled: false } }
  const { spec } = workload('Deployment', { ...COMMON, controller })
  const [container] = spec.template.spec.containers
  assert.equal(spec.replicas, 1)
  assert.equal(container.image, 'registry.example/typemetal:v9')
  assert.deepEqual(container.args, ['controller', '--port=9999', '--log-level=debug', '--lb-class=lan'])
  assert.equal(container.livenessProbe, undefined)
})

test("the speaker's values reach its DaemonSet", () => {
  const speaker = {
    tolerateMaster: false,
    ignoreExcludeLB: true,
    excludeInterfaces: { enabled: false },
    nodeSelector: { lan: 'yes' },
    tolerations: [{ operator: 'Exists' }],
    livenessProbe: { failureThreshold: 7 },
    extraArgs: ['--some=thing'],
  }
  const { spec } = workload('DaemonSet', { ...COMMON, speaker })
  const pod = spec.template.spec
  const [container] = pod.containers
  const expected = ['speaker', '--port=9999', '--log-level=info', '--lb-class=lan', '--some=thing']
  assert.deepEqual(container.args, [...expected, '--ignore-exclude-lb'])
  assert.deepEqual(container.ports[0], { name: 'metricshttps', containerPort: 9999 })
  assert.deepEqual(container.livenessProbe, {
    httpGet: { path: '/healthz', port: 'health', host: '127.0.0.1' },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 7,
  })
  assert.deepEqual(pod.nodeSelector, { 'kubernetes.io/os': 'linux', lan: 'yes' })
  assert.deepEqual(pod.tolerations, [{ operator: 'Exists' }])
  assert.ok(!pod.volumes.some(({ name }) => name === 'excluded-interfaces'))
})

test('what is said of TLS reaches the program that it is for', () => {
  const tls = { minVersion: 'VersionTLS12', curvePreferences: '29,23', speakerMetricsTLSSecret: 'mine' }
  const podOf = (kind: 'Deployment' | 'DaemonSet'): PodSpec => workload(kind, { tls }).spec.template.spec
  const [controller, speaker] = [podOf('Deployment'), podOf('DaemonSet')]
  const args = ['--tls-curve-preferences=29,23', '--tls-min-version=VersionTLS12']
  assert.deepEqual(controller.containers[0].args.slice(3), args)
  assert.deepEqual(speaker.containers[0].args.slice(3), [...args, '--metrics-cert-dir=/etc/metrics-certs'])
  assert.deepEqual(speaker.volumes.at(-1), { name: 'metrics-certs', secret: { secretName: 'mine' } })
  const mount = { name: 'metrics-certs', mountPath: '/etc/metrics-certs', readOnly: true }
  assert.deepEqual(speaker.containers[0].volumeMounts.at(-1), mount)
})

test('what is optional is made when it is asked for', () => {
  const all = template({
    crds: { enabled: false },
    rbac: { create: false },
    networkpolicies: { enabled: true },
    prometheus: {
      podMonitor: { enabled: true, interval: '7s' },
      prometheusRule: { enabled: true, extraAlerts: [{ alert: 'Own', expr: 'vector(1)' }] },
    },
  })
  const kinds = new Set(objects(all).map(({ kind }) => kind))
  for (const kind of ['PodMonitor', 'NetworkPolicy', 'PrometheusRule']) assert.ok(kinds.has(kind), kind)
  assert.ok(!kinds.has('CustomResourceDefinition') && !kinds.has('RoleBinding'))
  assert.match(all, /interval: 7s/)
  assert.match(all, /alert: MetalLBStaleConfig[^]*alert: Own/)
})

test('the network policy lets the controller reach API server and speakers by the ports of the values', () => {
  const values = { networkpolicies: { enabled: true, apiPort: 16443 }, prometheus: { metricsPort: 9999 } }
  const policies = objects(template(values)).filter(({ kind }) => kind === 'NetworkPolicy')
  const rules = policies.map(({ spec }) => (spec as { egress: { ports: { port: number }[] }[] }).egress)
  assert.deepEqual(
    rules.map((egress) => egress.map(({ ports }) => ports.map(({ port }) => port))),
    [[[16443], [9999]]],
  )
})

test('a value that is not there is refused by its name', () => {
  assert.throws(() => template({ controler: { replicas: 1 } }), /'controler' not allowed/)
  assert.throws(() => template({ speaker: { logLevel: 'verbose' } }), /\/speaker\/logLevel/)
  assert.throws(() => template({ prometheus: { metricsPort: 0 } }), /\/prometheus\/metricsPort/)
})

test('installed, changed, uninstalled and installed again, a release leaves each Service its address', async () => {
  const values = JSON.stringify({ frrk8s: { enabled: true }, speaker: { memberlist: { enabled: true } } })
  const script = `
helm() { "${helm}" --namespace metallb-system "$@"; }
told() { kubectl get service web -o jsonpath={.status.loadBalancer.ingress[0].ip}; echo " $1"; }
install() { echo '${values}' | helm install metallb ${CHART} --wait --timeout 2m -f - "$@"; }
install --create-namespace
kubectl label namespace metallb-system pod-security.kubernetes.io/enforce=privileged
kubectl apply -f deploy/example.yaml
kubectl create deployment web --image=nginx
kubectl expose deployment web --port=80 --type=LoadBalancer --load-balancer-ip=172.25.254.77
kubectl wait service web --for=jsonpath={.status.loadBalancer.ingress[0].ip}=172.25.254.77 --timeout=60s
client curl -sS --retry 30 --retry-all-errors --retry-delay 1 --max-time 40 http://172.25.254.77
helm upgrade metallb ${CHART} --reuse-values --set controller.logLevel=debug,controller.replicas=1 --wait --timeout 2m
told upgraded
helm uninstall metallb --wait --timeout 2m
kubectl get ipaddresspools,l2advertisements -n metallb-system -o name
told uninstalled
install
told reinstalled
client curl -sS --retry 30 --retry-all-errors --retry-delay 1 --max-time 40 http://172.25.254.77
`
  const program = `typemetal/typemetal=node ${process.cwd()}/dist/main.js`
  const options = ['--no-product', '--nodes', '2', '--program', program]
  const { code, stdout, stderr } = startSandbox('exec', ...options, '--', 'sh', '-ec', script)
  assert.equal(await code, 0, stdout() + stderr())
  for (const expected of [
    /These values have no effect here: speaker.memberlist, frrk8s\./,
    /172\.25\.254\.77 upgraded/,
    /ipaddresspool.metallb.io\/first-pool\nl2advertisement.metallb.io\/example\n172\.25\.254\.77 uninstalled/,
    /172\.25\.254\.77 reinstalled\nweb-\S+ on node-\d answers/,
  ])
    assert.match(stdout(), expected)
})

/** The commands of the guide for who has MetalLB's chart. */
function guide(): string {
  const [, section = ''] =
    /^## Change over: Helm\n(.*?)^## /ms.exec(readFileSync('docs/migrate-from-metallb.md', 'utf8')) ?? []
  const [, commands = ''] = /^```sh\n(.*?)^```/ms.exec(section) ?? []
  assert.notEqual(commands, '')
  return commands
}

test("a release of MetalLB's chart becomes ours by the commands of the guide, and MetalLB's again", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'typemetal-chart-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  writeMetalLBChart(join(folder, 'metallb'))
  symlinkSync(helm, join(folder, 'helm'))
  writeFileSync(join(folder, 'your-values.yaml'), 'frrk8s: { enabled: false }\n')
  symlinkSync(join(process.cwd(), 'deploy'), join(folder, 'deploy'))
  const script = `
cd ${folder}
PATH=${folder}:$PATH
ns="-n metallb-system"
told() {
  echo "$1:" $(kubectl get service web -o jsonpath={.status.loadBalancer.ingress[0].ip}) \\
    $(kubectl get deployment metallb-controller $ns -o 'jsonpath={.spec.template.spec.containers[*].image}') \\
    $(kubectl get validatingwebhookconfiguration -o name | wc -l) $(kubectl get bgppeers,ipaddresspools $ns -o name)
}
helm install metallb ./metallb $ns --create-namespace --wait --timeout 2m
kubectl label namespace metallb-system pod-security.kubernetes.io/enforce=privileged
kubectl apply -f ${process.cwd()}/deploy/example.yaml
echo '{"apiVersion":"metallb.io/v1beta2","kind":"BGPPeer","metadata":{"name":"router","namespace":"metallb-system"}}' | kubectl apply -f -
kubectl create service loadbalancer web --tcp=80
kubectl patch service web --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"172.25.254.77"}]}}}'
helm upgrade metallb ./metallb $ns --set webhook=true
${guide()}
kubectl rollout status deployment/metallb-controller $ns --timeout=2m
kubectl rollout status daemonset/metallb-speaker $ns --timeout=2m
kubectl wait service web --for=jsonpath='{.metadata.annotations.metallb\\.io/ip-allocated-from-pool}'=first-pool --timeout=60s
told ours
helm upgrade metallb ./metallb $ns --reset-values --set webhook=true
told back
`
  const program = `typemetal/typemetal=node ${process.cwd()}/dist/main.js`
  const options = ['--no-product', '--nodes', '2', '--program', program]
  const { code, stdout, stderr } = startSandbox('exec', ...options, '--', 'sh', '-ec', script)
  assert.equal(await code, 0, stdout() + stderr())
  const objects = 'bgppeer.metallb.io/router ipaddresspool.metallb.io/first-pool'
  assert.match(stdout(), new RegExp(`^ours: 172.25.254.77 typemetal/typemetal:\\S+ 0 ${objects}$`, 'm'))
  assert.match(stdout(), new RegExp(`^back: 172.25.254.77 quay.io/metallb/controller:\\S+ 1 `, 'm'))
})
