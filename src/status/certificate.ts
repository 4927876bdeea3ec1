// The certificate of our HTTPS server: from files that somebody may replace while we run, or made by ourselves.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Server as HttpsServer } from 'node:https'
import type { Logger } from 'pino'
import type { Startable } from '../kube/index.ts'
import { FlagError } from '../flags.ts'
import { type KeyAndCertificate, selfSigned } from './self-signed.ts'
import type { TlsOptions } from './tls-options.ts'

/** The kubelet replaces the files of a Secret within a minute or so. */
const LOOK_MS = 60_000

export interface CertificateInit {
  /** With tls.crt and tls.key; empty: we make one. */
  readonly folder: string
  readonly dnsNames: readonly string[]
}

/** Rejects with `FlagError` when the files cannot be read. */
export async function readCertificate({ folder, dnsNames }: CertificateInit): Promise<KeyAndCertificate> {
  if (folder === '') return selfSigned(dnsNames, Date.now())
  try {
    const [cert, key] = await Promise.all(
      ['tls.crt', 'tls.key'].map((file) => readFile(join(folder, file), 'utf8')),
    )
    return { cert: cert ?? '', key: key ?? '' }
  } catch (error) {
    throw new FlagError(`--metrics-cert-dir=${folder}: ${error instanceof Error ? error.message : error}`)
  }
}

/** Looks for newer files now and then; what cannot be used is logged, and the one before stays in use. */
export function renewCertificate(
  server: HttpsServer,
  { log, tls }: { log: Logger; tls: TlsOptions },
  init: CertificateInit,
): Startable {
  let looking: NodeJS.Timeout | undefined
  let used = ''
  const look = async (): Promise<void> => {
    try {
      const found = await readCertificate(init)
      if (found.cert === used) return
      server.setSecureContext({ ...tls, ...found })
      if (used !== '') log.info({ folder: init.folder }, 'the certificate was replaced')
      used = found.cert
    } catch (error) {
      log.warn({ reason: String(error) }, 'the new certificate cannot be used; the one before is')
    }
  }
  return {
    async start() {
      if (init.folder === '') return
      await look()
      looking = setInterval(() => void look(), LOOK_MS)
    },
    stop() {
      clearInterval(looking)
    },
  }
}
