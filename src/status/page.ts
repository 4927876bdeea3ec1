// The page at `/`: one file that asks no other host for anything, and may not.

import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** The build puts it here; where the sources run there is none. */
declare const PAGE: string

const NOT_BUILT = '<!doctype html><title>Typemetal</title><p>The page comes with the build: npm run build</p>'

export function readPage(): string {
  return typeof PAGE === 'string' ? PAGE : NOT_BUILT
}

export function servePage(server: FastifyInstance, page: string): void {
  const policy = policyFor(page)
  server.get('/', async (_, reply) =>
    reply
      .header('content-security-policy', policy)
      .header('referrer-policy', 'no-referrer')
      .type('text/html; charset=utf-8')
      .send(page),
  )
}

/** Only what is within the page runs; it may ask nobody but us, and be framed by nobody. */
function policyFor(page: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashesOf('script', page)}`,
    `style-src ${hashesOf('style', page)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function hashesOf(tag: 'script' | 'style', page: string): string {
  const parts = [...page.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))]
  return parts
    .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ')
}
