// The credentials that the kubelet puts into every pod (Kubernetes docs: "Accessing the Kubernetes API from a Pod").

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { CredentialsSource } from './access.ts'

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
export const TOKEN = `${FOLDER}/token`
const CA = `${FOLDER}/ca.crt`

/** The namespace of the pod that we run in; undefined outside a cluster. */
export function podNamespace(folder = FOLDER): string | undefined {
  try {
    return readFileSync(`${folder}/namespace`, 'utf8').trim() || undefined
  } catch {
    return undefined // no pod, or one without a token
  }
}

/** Of a pod: the kubelet sets the variables and replaces the token long before it expires. */
export function serviceAccountSource(): CredentialsSource {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = process.env
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async read() {
      const [token, ca] = await Promise.all([readFile(TOKEN, 'utf8'), readFile(CA, 'utf8')])
      return { headers: { Authorization: `Bearer ${token.trim()}` }, tls: { ca } }
    },
    forget() {
      // every reading is of the files
    },
  }
}
