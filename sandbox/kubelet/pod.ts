// One pod on this node, from its binding to its end: volumes, network, containers, status. Started once, told of changes.

import { mkdirSync, rmSync } from 'node:fs'
import type { Container, Pod } from '../../src/api/index.ts'
import { CONTAINER_PATH, containerCommand } from './command-line.ts'
import { ContainerProcess, endRecorded } from './container.ts'
import { type Downward, environmentOf, expand, type Lookup, ReferenceMissing } from './environment.ts'
import {
  type HostNumbers,
  makePodNetwork,
  type PodCidrs,
  type PodNetwork,
  removePodNetwork,
} from './pod-network.ts'
import { type PodAddresses, podStatus } from './pod-status.ts'
import { unsupportedProbes } from './probes.ts'
import type { BindMount } from './root-file-system.ts'
import { fillVolumes, type ObjectSource } from './volumes.ts'

/** How often a missing Secret or ConfigMap is looked for, and changed ones are brought in. */
const MISSING_RETRY_MS = 1000
const REFRESH_MS = 4000

/** Ports of an ordinary image that declares none. */
const USUAL_PORTS = [80, 8080]

export interface PodComponents {
  source: ObjectSource
  /** Tells the API server; paced and repeated by the receiver. */
  reportStatus: (uid: string) => void
  event: (pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string) => void
  hostNumbers: HostNumbers
  /** Container NAME of this node has process ids that changed. */
  pidsChanged: (container: string) => void
}

export interface PodInit extends PodCidrs {
  node: string
  /** The node's own addresses, which host-network pods have too. */
  addresses: readonly string[]
  /** The node's folder. */
  dir: string
  logs: string
  programs: readonly { image: string; command: readonly string[] }[]
  echo: readonly string[]
  honourUids: boolean
  /** Where in-cluster clients find the API. */
  serviceHost: string
  /** See `RestartBackoff`. */
  maxRestartDelayMs: number
}

export class NodePod {
  readonly #components: PodComponents
  readonly #init: PodInit
  readonly #folder: string
  #pod: Pod
  #network: PodNetwork | undefined
  #containers: ContainerProcess[] = []
  #stopping = false
  #wake: (() => void) | undefined
  #finished: Promise<void>
  #stopped: Promise<void> | undefined

  constructor(pod: Pod, components: PodComponents, init: PodInit) {
    this.#pod = pod
    this.#components = components
    this.#init = init
    this.#folder = `${init.dir}/pods/${this.uid}`
    this.#finished = Promise.resolve()
  }

  get uid(): string {
    return this.#pod.metadata?.uid ?? ''
  }

  get pod(): Pod {
    return this.#pod
  }

  get containers(): readonly ContainerProcess[] {
    return this.#containers
  }

  /** The API server's newest view of it. */
  update(pod: Pod): void {
    this.#pod = pod
  }

  start(): void {
    this.#finished = this.#run()
  }

  status(now: string) {
    return podStatus(
      this.#pod,
      this.#containers.map(({ run }) => run),
      this.#addresses(),
      now,
    )
  }

  /** Ends all containers and takes everything down. */
  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#takeDown(graceMs)
    return this.#stopped
  }

  async #takeDown(graceMs: number): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await Promise.all(this.#containers.map((container) => container.stop(graceMs)))
    await this.#finished
    const records = (this.#pod.spec?.containers ?? []).map((container) => this.#recordFile(container))
    await Promise.all(records.map((file) => endRecorded(file, graceMs)))
    if (!this.#pod.spec?.hostNetwork) await removePodNetwork(this.uid)
    this.#components.hostNumbers.release(this.uid)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #recordFile({ name }: Container): string {
    return `${this.#folder}/${name}.process`
  }

  #addresses(): PodAddresses {
    return { podIPs: this.#network?.podIPs ?? [], hostIPs: this.#init.addresses }
  }

  #downward(): Downward {
    return { pod: this.#pod, ...this.#addresses() }
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#components.event(this.#pod, type, reason, message)
  }

  async #run(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true })
    this.#components.reportStatus(this.uid)
    await this.#until(async () => {
      this.#network ??= await this.#makeNetwork()
      await this.#fillVolumes()
    })
    if (this.#stopping) return
    this.#containers = (this.#pod.spec?.containers ?? []).map((container) => this.#makeContainer(container))
    if ((this.#pod.spec?.initContainers ?? []).length > 0) {
      this.#event(
        'Warning',
        'SandboxLimit',
        'init containers are not run by the sandbox; they count as completed',
      )
    }
    for (const container of this.#containers) container.start()
    while (!this.#stopping) {
      await this.#sleep(REFRESH_MS)
      if (!this.#stopping) await this.#fillVolumes().catch(() => undefined) // the old files stay, as with the kubelet
    }
  }

  /** Repeats `work` until it succeeds or the pod is stopped; says why it does not, once per reason. */
  async #until(work: () => Promise<void>): Promise<void> {
    for (let said = ''; !this.#stopping;) {
      try {
        return await work()
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        if (message !== said) this.#event('Warning', 'FailedMount', message)
        said = message
        await this.#sleep(MISSING_RETRY_MS)
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #makeNetwork(): Promise<PodNetwork> {
    const { node, addresses } = this.#init
    if (this.#pod.spec?.hostNetwork) return { netns: `/run/netns/${node}`, podIPs: addresses }
    return makePodNetwork(this.uid, this.#components.hostNumbers.take(this.uid), this.#init)
  }

  async #fillVolumes(): Promise<Map<string, string>> {
    return fillVolumes(`${this.#folder}/volumes`, this.#downward(), this.#components.source)
  }

  #makeContainer(container: Container): ContainerProcess {
    const { metadata, spec } = this.#pod
    for (const message of unsupportedProbes(container)) this.#event('Warning', 'SandboxLimit', message)
    return new ContainerProcess({
      container,
      podIP: this.#addresses().podIPs[0] ?? '',
      restartPolicy: spec?.restartPolicy ?? 'Always',
      prepare: () => this.#prepare(container),
      logFile: `${this.#init.logs}/${metadata?.namespace}_${metadata?.name}_${container.name}.log`,
      recordFile: this.#recordFile(container),
      maxRestartDelayMs: this.#init.maxRestartDelayMs,
      onEvent: (type, reason, message) => this.#event(type, reason, message),
      onChange: () => {
        this.#components.pidsChanged(container.name)
        this.#components.reportStatus(this.uid)
      },
    })
  }

  async #prepare(container: Container): Promise<{ command: string[]; env: Record<string, string> }> {
    const { programs, echo, serviceHost, node } = this.#init
    const netns = this.#network?.netns ?? ''
    const own = programs.find(({ image }) => container.image?.startsWith(image))
    if (!own)
      return {
        command: [
          'nsenter',
          `--net=${netns}`,
          '--',
          ...echo,
          this.#pod.metadata?.name ?? '',
          node,
          ...portsOf(container),
        ],
        env: {},
      }
    const volumes = await this.#fillVolumes()
    const declared = environmentOf(container, this.#downward(), await this.#lookup(container))
    const env = {
      PATH: CONTAINER_PATH,
      HOSTNAME: this.#pod.spec?.hostNetwork ? node : (this.#pod.metadata?.name ?? ''),
      KUBERNETES_SERVICE_HOST: serviceHost,
      KUBERNETES_SERVICE_PORT: '443',
      ...declared,
    }
    const args = (container.args ?? []).map((arg) => expand(arg, env))
    const root = `${this.#folder}/${container.name}-root`
    mkdirSync(root, { recursive: true })
    const surroundings = {
      netns,
      root,
      mounts: bindMounts(container, volumes),
      honourUids: this.#init.honourUids,
    }
    const { command, notHonoured } = containerCommand(
      this.#pod,
      container,
      [...own.command, ...args],
      surroundings,
    )
    for (const message of notHonoured) this.#event('Warning', 'SandboxLimit', message)
    return { command, env }
  }

  /** Fetches what the environment refers to, so that making it needs no waiting. */
  async #lookup(container: Container): Promise<Lookup> {
    const namespace = this.#pod.metadata?.namespace ?? ''
    const found = new Map<string, Record<string, string> | undefined>()
    const wanted = (container.env ?? []).flatMap(({ valueFrom }) => [
      ['ConfigMap', valueFrom?.configMapKeyRef?.name] as const,
      ['Secret', valueFrom?.secretKeyRef?.name] as const,
    ])
    const sources = (container.envFrom ?? []).flatMap(({ configMapRef, secretRef }) => [
      ['ConfigMap', configMapRef?.name] as const,
      ['Secret', secretRef?.name] as const,
    ])
    for (const [kind, name] of [...wanted, ...sources]) {
      if (name === undefined || found.has(`${kind}/${name}`)) continue
      const data = await this.#components.source.data(kind, namespace, name)
      found.set(
        `${kind}/${name}`,
        data && Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.toString()])),
      )
    }
    return (kind, name) => found.get(`${kind}/${name}`)
  }
}

function portsOf({ ports = [] }: Container): string[] {
  if (ports.length > 0)
    return ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol ?? 'TCP'}`)
  return USUAL_PORTS.flatMap((port) => [`${port}/TCP`, `${port}/UDP`])
}

function bindMounts(container: Container, volumes: ReadonlyMap<string, string>): BindMount[] {
  return (container.volumeMounts ?? []).map(({ name, mountPath, subPath, readOnly = false }) => {
    const volume = volumes.get(name)
    if (volume === undefined) throw new ReferenceMissing(`volume ${name} is not in the pod`)
    return { source: subPath ? `${volume}/${subPath}` : volume, target: mountPath, readOnly }
  })
}
