// Access to the Kubernetes API: requests, local copies of collections, a queue of work, what we tell back.

export { ApiClient, PATCH } from './client.ts'
export { loadCredentials } from './credentials.ts'
export { ApiError, ApiUnreachable, isStatus, NotConfigured } from './errors.ts'
export { Reflector } from './reflector.ts'
export { keyOf, pathOf, type Resource, splitKey } from './resource.ts'
export type { Startable } from './startable.ts'
export { WorkQueue } from './work-queue.ts'
