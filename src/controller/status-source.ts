// What the status API shows, from what the controller knows.

import { splitKey } from '../kube/index.ts'
import type { StatusSource } from '../status/index.ts'
import type { ControllerView } from './controller.ts'
import type { Endpoints } from './endpoints.ts'
import type { Hearings } from './hearings.ts'
import { poolSource } from './pool-views.ts'
import { serviceDetail } from './service-detail.ts'
import { serviceKeys, serviceView } from './service-views.ts'
import { speakerKeys, speakerView } from './speaker-views.ts'

export interface StatusSourceComponents {
  /** Read anew at each question. */
  view: () => ControllerView
  endpoints: Endpoints
  hearings: Pick<Hearings, 'of' | 'refresh'>
}

/** Whoever lists the speakers waits so long for one that says nothing. */
const REFRESH_LIMIT_MS = 1500

export function statusSource({ view, endpoints, hearings }: StatusSourceComponents): StatusSource {
  const { overview } = view()
  return {
    notReady: () =>
      view().state === undefined ? 'the cluster has not been read yet: come back soon' : undefined,
    pools: poolSource(view),
    services: {
      keys: (filter) => serviceKeys(view(), filter),
      view: (key) => serviceView(view(), key),
      async detail(key) {
        if (serviceView(view(), key) === undefined) return undefined
        const { namespace = '', name } = splitKey(key)
        const slices = await endpoints.of(namespace, name)
        return serviceDetail(view(), key, slices)
      },
    },
    speakers: {
      keys: () => speakerKeys(view()),
      view: (node) => speakerView(view(), node, hearings.of(node)),
      refresh: () => hearings.refresh(REFRESH_LIMIT_MS),
    },
    transitions: {
      keys: (filter) => overview.history.keys(filter),
      view: (key) => overview.history.view(key),
    },
    changes: overview.changes,
  }
}
