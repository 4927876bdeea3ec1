// Access to the Kubernetes API: requests, local copies of collections, a queue of work, what we tell back.

export * from './collections.ts'
export { ApiClient, PATCH } from './client.ts'
export { ConfigurationStateWriter } from './configuration-state.ts'
export { loadCredentials } from './credentials.ts'
export { ApiUnreachable, isStatus, NotConfigured, tolerating } from './errors.ts'
export { EventRecorder, type Occurrence } from './event-recorder.ts'
export { OwnPod } from './own-pod.ts'
export { Reflector } from './reflector.ts'
export { isSameInput, keyOf, pathOf, type Resource, splitKey } from './resource.ts'
export { inOrder, type Startable } from './startable.ts'
export { timestamp } from './time.ts'
export { WorkQueue } from './work-queue.ts'
