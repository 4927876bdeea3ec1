// The options of `exec`, each seen to do what it says.

import assert from 'node:assert/strict'
import test from 'node:test'
import { execute, reachPod } from './sandbox.ts'

test('the cluster has the nodes asked for, each with both LANs, and a pulled cable cuts only its own', async () => {
  const script = `
reach() { client curl -sk --max-time 2 https://$1:10250/ >/dev/null; }
kubectl get nodes -o name
reach 172.25.254.12 && reach 172.25.253.12 && echo both LANs
ip link set lan-node-2 down
reach 172.25.254.12 || echo cable out
reach 172.25.253.12 && echo second LAN in
ip netns exec node-2 curl -sk --max-time 2 https://10.199.0.1:6443/readyz && echo " management in"`
  const { stdout, code, stderr } = await execute('--no-product --nodes 2 --lans 2', script)
  assert.equal(code, 0, stderr)
  assert.deepEqual(stdout.trim().split('\n'), [
    'node/node-1',
    'node/node-2',
    'both LANs',
    'cable out',
    'second LAN in',

    'ok management in',
  ])
})

for (const [options, address] of [
  ['--ip-family ipv4', '172.25.254.11'],
  ['--ip-family ipv6', '[fd00:172:25:254::11]'],
] as const) {
  test(`a pod answers the client with ${options}`, async () => {
    const { stdout, code, stderr } = await execute(`--no-product --nodes 2 ${options}`, reachPod(address))
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^web-\S+ on node-[12] answers /)
  })
}

test('--program runs a command with the pod’s own arguments, environment, files and user; kubectl logs shows it', async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'own' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'own',
          image: 'example/own:1',
          args: [
            '-c',
            'echo $0 $1 $GREETING $(cat /etc/own/file); test -w / || echo read-only; grep CapBnd /proc/self/status',
            'zero',
            '$(GREETING)',
          ],
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
  const script = `
echo '${JSON.stringify(pod)}' | kubectl apply -f - >/dev/null
sleep 2; kubectl get pod own -o jsonpath={.status.phase}; echo
kubectl create configmap files --from-literal=file=content >/dev/null
kubectl wait pod/own --for=jsonpath={.status.phase}=Succeeded --timeout=60s >/dev/null
kubectl logs own`
  const { stdout, code, stderr } = await execute(
    '--no-product --nodes 1 --program example/own=/bin/sh',
    script,
  )
  assert.equal(code, 0, stderr)
  assert.deepEqual(stdout.trim().split('\n'), [
    'Pending',
    'zero hello hello content',
    'read-only',
    'CapBnd:\t0000000000002000',
  ])
})

test('a container that ends is started again, also while the API server is away', async () => {
  const script = `
kubectl create deployment web --image=nginx >/dev/null
kubectl rollout status deployment web --timeout=60s >/dev/null
pid=$(cat $SANDBOX_DIR/pids/nginx)
kill -STOP $(cat $SANDBOX_DIR/pids/kube-apiserver)
kill -9 $pid
for i in $(seq 100); do new=$(cat $SANDBOX_DIR/pids/nginx 2>/dev/null || true); [ -n "$new" ] && [ "$new" != "$pid" ] && break; sleep 0.1; done
[ "$new" != "$pid" ] && echo restarted
kill -CONT $(cat $SANDBOX_DIR/pids/kube-apiserver)
for i in $(seq 100); do [ "$(kubectl get pods -o jsonpath={.items[0].status.containerStatuses[0].restartCount})" = 1 ] && break; sleep 0.1; done
kubectl get pods -o jsonpath={.items[0].status.containerStatuses[0].restartCount}`
  const { stdout, code, stderr } = await execute('--no-product --nodes 1', script)
  assert.equal(code, 0, stderr)
  assert.deepEqual(stdout.trim().split('\n'), ['restarted', '1'])
})

test('a pod that is deleted while no kubelet is there ends when it is back', async () => {
  const script = `
kubectl create deployment web --image=nginx >/dev/null
kubectl rollout status deployment web --timeout=60s >/dev/null
pid=$(cat $SANDBOX_DIR/pids/nginx-node-1); kubelet=$(cat $SANDBOX_DIR/pids/kubelet-node-1)
kill -STOP $kubelet
kubectl delete deployment web >/dev/null
kubectl wait pod --all --for=jsonpath={.metadata.deletionGracePeriodSeconds}=30 --timeout=30s >/dev/null
kill -9 $kubelet
kubectl wait pod --all --for=delete --timeout=60s >/dev/null
kill -0 $pid 2>/dev/null || echo ended`
  const { stdout, code, stderr } = await execute('--no-product --nodes 1', script)
  assert.equal(code, 0, stderr)
  assert.equal(stdout, 'ended\n')
})

test('a kubelet that is killed comes back and finds its pods running', async () => {
  const script = `
kubectl create deployment web --image=nginx >/dev/null
kubectl rollout status deployment web --timeout=60s >/dev/null
pid=$(cat $SANDBOX_DIR/pids/nginx-node-1); kubelet=$(cat $SANDBOX_DIR/pids/kubelet-node-1)
kill -9 $kubelet
for i in $(seq 100); do new=$(cat $SANDBOX_DIR/pids/kubelet-node-1 2>/dev/null || true); [ -n "$new" ] && [ "$new" != "$kubelet" ] && break; sleep 0.1; done
sleep 2
[ "$(cat $SANDBOX_DIR/pids/nginx-node-1)" = "$pid" ] && echo same process
kubectl get pods -o jsonpath={.items[0].status.containerStatuses[0].restartCount}; echo
kubectl delete deployment web >/dev/null; kubectl wait pod --all --for=delete --timeout=60s >/dev/null
kill -0 $pid 2>/dev/null || echo ended`
  const { stdout, code, stderr } = await execute('--no-product --nodes 1', script)
  assert.equal(code, 0, stderr)
  assert.deepEqual(stdout.trim().split('\n'), ['same process', '0', 'ended'])
})
