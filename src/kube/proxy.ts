// The proxy through which the API server is reached, where the cluster of a kubeconfig has a proxy-url (Kubernetes docs,
// "Use a SOCKS5 Proxy to Access the Kubernetes API"). client-node speaks with it.

import type { Cluster } from '@kubernetes/client-node'
import http from 'node:http'
import type { RequestOptions } from 'node:https'
import type { Access } from './access.ts'

const PROTOCOLS = new Set(['http:', 'https:', 'socks5:', 'socks5h:'])

/** Whether it has none, or one that can be spoken with. */
export function isReachable({ proxyUrl }: Cluster): boolean {
  return !proxyUrl || (URL.canParse(proxyUrl) && PROTOCOLS.has(new URL(proxyUrl).protocol))
}

/** The proxy looks up the server's name, as with kubectl: often nobody else knows it. */
export function withNamesLeftToProxy(cluster: Cluster): Cluster {
  const { proxyUrl } = cluster
  return proxyUrl ? { ...cluster, proxyUrl: proxyUrl.replace(/^socks5:/, 'socks5h:') } : cluster
}

/** @param options as client-node has made them. It would open a connection for each request. */
export function proxyOf(cluster: Cluster | null, { agent }: RequestOptions): Pick<Access, 'proxy'> {
  if (!cluster?.proxyUrl || !(agent instanceof http.Agent)) return {}
  return { proxy: { host: new URL(cluster.proxyUrl).host, agent: Object.assign(agent, { keepAlive: true }) } }
}
