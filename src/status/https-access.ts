// HTTPS for a program: its flags, its certificate, and who may look, put together.

import type { Server as HttpsServer } from 'node:https'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { COMMON_FLAGS, Flags } from '../flags.ts'
import type { ApiClient, Startable } from '../kube/index.ts'
import { AccessReviews } from './access-reviews.ts'
import { readCertificate, renewCertificate } from './certificate.ts'
import type { Access } from './server.ts'
import { tlsOptions } from './tls-options.ts'

export interface HttpsAccess {
  readonly access: Access
  /** Takes a certificate that replaces the one it began with, as long as it runs. */
  renewing(server: FastifyInstance): Startable
}

/** `name`: of the program. Rejects with `FlagError`. */
export async function httpsAccess(
  flags: Flags<typeof COMMON_FLAGS>,
  { client, log }: { client: ApiClient; log: Logger },
  name: string,
): Promise<HttpsAccess> {
  const tls = tlsOptions(flags)
  const certificate = {
    folder: flags['metrics-cert-dir'],
    dnsNames: [`${name}.${flags.namespace}.svc`, 'localhost'],
  }
  const reviews = new AccessReviews({ client, clock: () => performance.now() })
  return {
    access: {
      kind: 'https',
      tls: { ...tls, ...(await readCertificate(certificate)) },
      check: (request) => reviews.check(request),
    },
    renewing: ({ server }) => renewCertificate(server as HttpsServer, { log, tls }, certificate),
  }
}
