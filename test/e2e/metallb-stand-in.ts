// What an installation of MetalLB leaves in a cluster, as far as it matters to who comes after: workloads of its names
// whose pods do nothing, a webhook that nobody serves, the definition of BGPPeer, statuses. Written for these tests.

const NAMESPACE = 'metallb-system'

const WEBHOOK = { namespace: NAMESPACE, name: 'metallb-webhook-service' }
/** Any will do that can be parsed: nobody answers. */
const CERTIFICATE = ''

function labels(component: string): Record<string, string> {
  return { app: 'metallb', component }
}

function workload(kind: 'Deployment' | 'DaemonSet', name: string, pod: object): object {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: NAMESPACE, labels: labels(name) },
    spec: {
      selector: { matchLabels: labels(name) },
      template: {
        metadata: { labels: labels(name) },
        spec: { terminationGracePeriodSeconds: 0, nodeSelector: { 'kubernetes.io/os': 'linux' }, ...pod },
      },
    },
  }
}

const CONTROLLER = workload('Deployment', 'controller', {
  securityContext: { runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534 },
  volumes: [{ name: 'cert', secret: { secretName: 'metallb-webhook-cert', defaultMode: 420 } }],
  containers: [
    {
      name: 'controller',
      image: 'quay.io/metallb/controller:v0.16.1',
      args: ['--port=9120', '--log-level=info'],
      env: [
        { name: 'METALLB_ML_SECRET_NAME', value: 'memberlist' },
        { name: 'METALLB_DEPLOYMENT', value: 'controller' },
      ],
      ports: [{ name: 'webhook-server', containerPort: 9443 }],
      volumeMounts: [{ name: 'cert', mountPath: '/tmp/k8s-webhook-server/serving-certs', readOnly: true }],
    },
  ],
})

const SPEAKER = workload('DaemonSet', 'speaker', {
  hostNetwork: true,
  volumes: [{ name: 'memberlist', secret: { secretName: 'memberlist', defaultMode: 420 } }],
  containers: [
    {
      name: 'speaker',
      image: 'quay.io/metallb/speaker:v0.16.1',
      args: ['--port=9120', '--log-level=info'],
      env: [{ name: 'METALLB_ML_SECRET_KEY_PATH', value: '/etc/ml_secret_key' }],
      ports: [{ name: 'memberlist-tcp', containerPort: 7946 }],
      volumeMounts: [{ name: 'memberlist', mountPath: '/etc/ml_secret_key' }],
    },
  ],
})

/** Nobody serves it, so each write of a pool is refused. */
export const ADMISSION = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'metallb-webhook-configuration' },
  webhooks: [
    {
      name: 'ipaddresspoolvalidationwebhook.metallb.io',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      clientConfig: { service: { ...WEBHOOK, path: '/validate-metallb-io-v1beta1-ipaddresspool' } },
      rules: [
        {
          apiGroups: ['metallb.io'],
          apiVersions: ['v1beta1'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['ipaddresspools'],
        },
      ],
    },
  ],
}

/** Two versions, as BGPPeer has them; converted by the webhook. */
export function bgpPeerDefinition(conversion: object): object {
  const version = (name: string, storage: boolean): object => ({
    name,
    served: true,
    storage,
    schema: {
      openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  })
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'bgppeers.metallb.io' },
    spec: {
      group: 'metallb.io',
      names: { kind: 'BGPPeer', listKind: 'BGPPeerList', plural: 'bgppeers', singular: 'bgppeer' },
      scope: 'Namespaced',
      conversion,
      versions: [version('v1beta1', false), version('v1beta2', true)],
    },
  }
}

export const BY_WEBHOOK = {
  strategy: 'Webhook',
  webhook: {
    conversionReviewVersions: ['v1beta1', 'v1beta2'],
    clientConfig: { service: { ...WEBHOOK, path: '/convert' }, caBundle: CERTIFICATE },
  },
}

export const BGP_PEER = {
  apiVersion: 'metallb.io/v1beta2',
  kind: 'BGPPeer',
  metadata: { name: 'router', namespace: NAMESPACE },
  spec: { myASN: 64512, peerASN: 64513, peerAddress: '10.9.0.1' },
}

/** What `kubectl apply -f metallb-native.yaml` makes. */
export const MANIFEST: object[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  ...['controller', 'speaker'].map((name) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: NAMESPACE, labels: { app: 'metallb' } },
  })),
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'metallb-webhook-cert', namespace: NAMESPACE } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: WEBHOOK,
    spec: { ports: [{ port: 443, targetPort: 9443 }], selector: { component: 'controller' } },
  },
  bgpPeerDefinition(BY_WEBHOOK),
  CONTROLLER,
  SPEAKER,
  ADMISSION,
]

/** Made by a speaker of MetalLB on `node`, whose pod owns it. */
export function layer2Status(service: string, node: string, pod: { name: string; uid: string }): object {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'ServiceL2Status',
    metadata: {
      generateName: 'l2-',
      namespace: NAMESPACE,
      labels: {
        'metallb.io/node': node,
        'metallb.io/service-name': service,
        'metallb.io/service-namespace': 'default',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', ...pod }],
    },
  }
}
