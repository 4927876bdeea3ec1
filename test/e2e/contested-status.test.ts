// Somebody else who writes the status of a Service of ours.

import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import type { Service } from '../../src/api/index.ts'
import { ApiClient, loadCredentials, PATCH, pathOf, Reflector, SERVICES } from '../../src/kube/index.ts'
import { pino } from 'pino'
import { allocated, apply, assigned, cleanUp, kubectl, loadBalancer, pool, told } from './cluster.ts'

const FOREIGN = '203.0.113.9'
const client = new ApiClient(await loadCredentials())

before(() => apply(pool('lan', ['10.9.1.0/24'])))

after(async () => {
  client.stop()
  await cleanUp()
})

/** A writer that puts its own address whenever another is shown, as the manager `kube-other`. Counts what it did. */
class Fighter {
  writes = 0
  readonly #reflector = new Reflector<Service>(
    { client, log: pino({ level: 'silent' }) },
    { resource: SERVICES, namespace: 'default', onChange: (_, service) => void this.#onChange(service) },
  )

  start(): void {
    this.#reflector.start()
  }

  stop(): Promise<void> {
    return this.#reflector.stop()
  }

  async #onChange(service: Service | undefined): Promise<void> {
    const { name } = service?.metadata ?? {}
    const shown = service?.status?.loadBalancer?.ingress?.[0]?.ip
    if (name !== 'contested' || shown === undefined || shown === FOREIGN) return
    this.writes++
    await client.request({
      method: 'PATCH',
      path: pathOf(SERVICES, { namespace: 'default', name, subresource: 'status' }),
      query: { fieldManager: 'kube-other' },
      contentType: PATCH.merge,
      body: { status: { loadBalancer: { ingress: [{ ip: FOREIGN }] } } },
    })
  }
}

test('a status that somebody keeps rewriting is left to him after three rounds, and a condition names him', async () => {
  const fighter = new Fighter()
  fighter.start()
  await apply(loadBalancer('contested'))
  await allocated('contested', /^False ContestedStatus: .*"kube-other"/)
  assert.equal(fighter.writes, 3)
  await assigned('contested', FOREIGN)
  await told('contested', /^ContestedStatus/)
  await fighter.stop()
})

test('a change of the Service by its user is a reason to try again', async () => {
  await kubectl('annotate service contested example.com/changed=yes')
  await assigned('contested', '10.9.1.0')
  await allocated('contested', /^True Allocated: /)
})
