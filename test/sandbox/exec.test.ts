// The options of `exec`, each seen to do what it says, and what the nodes' stand-in for a kubelet does.

import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import { execute, lines, reachPod } from './sandbox.ts'

test('with two LANs and IPv4 the nodes asked for have both, a pulled cable cuts only its own, and a pod answers', async () => {
  const script = `
reach() { client curl -sk --max-time 2 https://$1:10250/ >/dev/null; }
kubectl get nodes -o name
reach 172.25.254.12 && reach 172.25.253.12 && echo both LANs
${reachPod('172.25.254.11')}
ip link set lan-node-2 down
reach 172.25.254.12 || echo cable out
reach 172.25.253.12 && echo second LAN in
ip netns exec node-2 curl -sk --max-time 2 https://10.199.0.1:6443/readyz && echo " management in"`
  const { stdout, code, stderr } = await execute('--no-product --nodes 2 --lans 2 --ip-family ipv4', script)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^web-\S+ on node-[12] answers /m)
  assert.deepEqual(
    lines(stdout).filter((line) => !line.startsWith('web-')),
    ['node/node-1', 'node/node-2', 'both LANs', 'cable out', 'second LAN in', 'ok management in'],
  )
})

test('with IPv6 alone a pod answers the client', async () => {
  const script = reachPod('[fd00:172:25:254::11]')
  const { stdout, code, stderr } = await execute('--no-product --nodes 2 --ip-family ipv6', script)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^web-\S+ on node-[12] answers /)
})

/** Each does something with a sandbox of one node that all use, and prints what it saw. */
const SCRIPTS = {
  own: `
echo '${JSON.stringify(ownPod())}' | kubectl apply -f - >/dev/null
until kubectl get events --field-selector involvedObject.name=own -o name | grep -q .; do sleep 0.1; done
kubectl get pod own -o jsonpath={.status.phase}; echo
kubectl create configmap files --from-literal=file=content >/dev/null
kubectl wait pod/own --for=jsonpath={.status.phase}=Succeeded --timeout=60s >/dev/null
kubectl logs own
kubectl delete pod own >/dev/null`,

  'pods that come and go': `
gateway() { ip -n node-1 -j link show cni0 | grep -o '"address":"[^"]*"'; }
gateway
deploy
gateway
kubectl scale deployment web --replicas=4 >/dev/null; kubectl rollout status deployment web --timeout=60s >/dev/null
gateway
undeploy
gateway`,

  'killed container': `
deploy
pid=$(pid_of nginx)
kill -STOP $(pid_of kube-apiserver)
kill -9 $pid
another nginx $pid && echo restarted
kill -CONT $(pid_of kube-apiserver)
for i in $(seq 100); do [ "$(restarts)" = 1 ] && break; sleep 0.1; done
restarts; echo
undeploy`,

  'frozen kubelet': `
deploy
pid=$(pid_of nginx); kubelet=$(pid_of kubelet-node-1)
kill -STOP $kubelet
kubectl delete deployment web >/dev/null
kubectl wait pod --all --for=jsonpath={.metadata.deletionGracePeriodSeconds}=30 --timeout=30s >/dev/null
kill -9 $kubelet
kubectl wait pod --all --for=delete --timeout=60s >/dev/null
kill -0 $pid 2>/dev/null || echo ended`,

  'killed kubelet': `
deploy
pid=$(pid_of nginx); kubelet=$(pid_of kubelet-node-1)
kill -9 $kubelet
another kubelet-node-1 $kubelet
sleep 2
[ "$(pid_of nginx-node-1)" = "$pid" ] && echo same process
restarts; echo
undeploy
kill -0 $pid 2>/dev/null || echo ended`,
}

const FUNCTIONS = `
pid_of() { cat $SANDBOX_DIR/pids/$1 2>/dev/null; }
another() { for i in $(seq 100); do new=$(pid_of $1 || true); [ -n "$new" ] && [ "$new" != "$2" ] && return; sleep 0.1; done; return 1; }
restarts() { kubectl get pods -o jsonpath={.items[0].status.containerStatuses[0].restartCount}; }
deploy() { kubectl create deployment web --image=nginx >/dev/null; kubectl rollout status deployment web --timeout=60s >/dev/null; }
undeploy() { kubectl delete deployment web >/dev/null; kubectl wait pod --all --for=delete --timeout=60s >/dev/null; }`

/** A pod of the image that `--program` runs: it prints what it was given. */
function ownPod(): object {
  const script =
    'echo $0 $1 $GREETING $(cat /etc/own/file); test -w / || echo read-only; grep CapBnd /proc/self/status'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'own' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'own',
          image: 'example/own:1',
          args: ['-c', script, 'zero', '$(GREETING)'],
          env: [{ name: 'GREETING', value: 'hello' }],
          volumeMounts: [{ name: 'files', mountPath: '/etc/own' }],
          securityContext: {
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: ['NET_RAW'] },
          },
        },
      ],
      volumes: [{ name: 'files', configMap: { name: 'files' } }],
    },
  }
}

let done: { code: number | null; stdout: string; stderr: string }
/** What each of `SCRIPTS` printed. */
let printed: Map<string, string[]>

before(async () => {
  const marked = Object.entries(SCRIPTS).map(([name, script]) => `echo "== ${name}"${script}`)
  const options = '--no-product --nodes 1 --max-restart-delay 1 --program example/own=/bin/sh'
  done = await execute(options, [FUNCTIONS, ...marked, 'echo to stderr >&2; exit 42'].join('\n'))
  const sections = done.stdout.split(/^== /m).slice(1)
  printed = new Map(
    sections.map((section) => {
      const [name = '', ...rest] = lines(section)
      return [name, rest]
    }),
  )
})

test('exec hands over the exit code of the command and only its output', () => {
  assert.equal(done.code, 42, done.stderr)
  assert.match(done.stdout, /^== own\n[^]*ended\n$/)
  assert.match(done.stderr, /to stderr/)
})

test('--program runs a command with the pod’s own arguments, environment, files and user; kubectl logs shows it', () => {
  assert.deepEqual(printed.get('own'), [
    'Pending',
    'zero hello hello content',
    'read-only',
    'CapBnd:\t0000000000002000',
  ])
})

test('the gateway of pods keeps its MAC while others come and go', () => {
  const macs = printed.get('pods that come and go')
  assert.equal(macs?.length, 4)
  assert.equal(new Set(macs).size, 1, macs?.join(', '))
})

test('a container that ends is started again, also while the API server is away', () => {
  assert.deepEqual(printed.get('killed container'), ['restarted', '1'])
})

test('a pod that is deleted while no kubelet is there ends when it is back', () => {
  assert.deepEqual(printed.get('frozen kubelet'), ['ended'])
})

test('a kubelet that is killed comes back and finds its pods running', () => {
  assert.deepEqual(printed.get('killed kubelet'), ['same process', '0', 'ended'])
})
