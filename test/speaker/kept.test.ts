import assert from 'node:assert/strict'
import test from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import type { EndpointSlice, Service } from '../../src/api/index.ts'
import { keptService, keptSlice } from '../../src/speaker/kept.ts'

setFlagsFromString('--allow-natives-syntax')
const haveSameClass = runInThisContext('(one, other) => %HaveSameMap(one, other)') as (
  one: object,
  other: object,
) => boolean

function metadata(number: number): object {
  const labels = { 'kubernetes.io/service-name': `web-${number}` }
  return { name: `web-${number}`, namespace: 'default', uid: `${number}`, resourceVersion: '1', labels }
}

function service(number: number): Service {
  const conditions = [{ type: 'typemetal.io/Announced', status: 'True' }]
  const status = { loadBalancer: { ingress: [{ ip: `192.0.2.${number}` }] }, conditions }
  return JSON.parse(
    JSON.stringify({ metadata: metadata(number), spec: { type: 'LoadBalancer' }, status }),
  ) as Service
}

function slice(number: number): EndpointSlice {
  const endpoints = [{ addresses: ['10.1.0.1'], nodeName: `node-${number}`, conditions: { ready: true } }]
  return JSON.parse(
    JSON.stringify({ metadata: metadata(number), addressType: 'IPv4', endpoints }),
  ) as EndpointSlice
}

/** Of an object and all in it, those that are of another hidden class than their like. */
function unlike(one: object, other: object, path = ''): string[] {
  const below = Object.entries(one).flatMap(([name, value]: [string, unknown]) => {
    const like = (other as Record<string, unknown>)[name]
    const areObjects =
      typeof value === 'object' && value !== null && typeof like === 'object' && like !== null
    return areObjects ? unlike(value, like, `${path}.${name}`) : []
  })
  return haveSameClass(one, other) ? below : [path, ...below]
}

test('of what is kept of thousands of objects all have the same hidden class', () => {
  const numbers = Array.from({ length: 100 }, (_, number) => number)
  const [services, slices] = [numbers.map(service).map(keptService), numbers.map(slice).map(keptSlice)]
  assert.deepEqual(unlike(services[98] as object, services[99] as object), [])
  assert.deepEqual(unlike(slices[98] as object, slices[99] as object), [])
})
