// To be somebody else for a while, as `kubectl --as`: who may is decided by the API server (Kubernetes docs, "User
// impersonation").

import type { Credentials } from './access.ts'

export interface Impersonation {
  readonly user?: string | undefined
  readonly groups?: readonly string[] | undefined
}

/** The credentials, used on behalf of somebody; themselves when nobody is named. */
export function impersonating(credentials: Credentials, { user, groups = [] }: Impersonation): Credentials {
  if (user === undefined) return credentials
  return {
    server: credentials.server,
    namespace: credentials.namespace,
    async access() {
      const access = await credentials.access()
      const asked = {
        'Impersonate-User': user,
        ...(groups.length > 0 && { 'Impersonate-Group': [...groups] }),
      }
      return { ...access, headers: { ...access.headers, ...asked } }
    },
    forget: () => credentials.forget(),
  }
}
