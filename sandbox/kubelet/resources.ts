// The collections that only the stand-in for the kubelet reads and writes.

import type { ConfigMap, Lease, Secret } from '../../src/api/index.ts'
import type { Resource } from '../../src/kube/index.ts'

export const SECRETS: Resource<Secret> = {
  apiVersion: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
}
export const CONFIG_MAPS: Resource<ConfigMap> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
}
export const LEASES: Resource<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
}
export const SERVICE_ACCOUNTS = { apiVersion: 'v1', plural: 'serviceaccounts', namespaced: true }
