// The collections that only the stand-in for the kubelet reads and writes.

import type { ConfigMap } from '../../src/api/index.ts'
import type { Resource } from '../../src/kube/index.ts'

export const CONFIG_MAPS: Resource<ConfigMap> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
}
export const SERVICE_ACCOUNTS = { apiVersion: 'v1', plural: 'serviceaccounts', namespaced: true }
