// Startup, readiness and liveness probes of one container: asks as the pod says and tells what changed.

import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import type { Container, Probe } from '../../src/api/index.ts'

/** Defaults of the Kubernetes API, in seconds and counts; the API server fills most of them in. */
const DEFAULTS = {
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
}

export interface ProbeTarget {
  container: Container
  /** The pod's first address. */
  podIP: string
}

/** Runs `probe` until `stop`; calls `onResult` when the thresholds say that the answer has changed, and first of all. */
function repeat(
  probe: Probe,
  target: ProbeTarget,
  onResult: (good: boolean, why: string) => void,
): () => void {
  const settings = { ...DEFAULTS, ...probe }
  let stopped = false
  let streak = { good: false, length: 0 }
  const round = async (): Promise<void> => {
    const failure = await ask(probe, target, settings.timeoutSeconds * 1000)
    if (stopped) return
    const good = failure === undefined
    streak = { good, length: streak.good === good ? streak.length + 1 : 1 }
    if (streak.length === (good ? settings.successThreshold : settings.failureThreshold))
      onResult(good, failure ?? '')
    timer = setTimeout(() => void round(), settings.periodSeconds * 1000)
  }
  let timer = setTimeout(() => void round(), settings.initialDelaySeconds * 1000)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** Undefined when the probe succeeds, else why not. Never rejects. */
function ask(
  { httpGet, tcpSocket }: Probe,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<string | undefined> {
  if (httpGet) {
    const scheme = httpGet.scheme === 'HTTPS' ? 'https' : 'http'
    const address = httpGet.host ?? target.podIP
    const port = portNumber(httpGet.port, target.container)
    const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value]))
    const url = `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}${httpGet.path ?? '/'}`
    return askHttp(url, headers, timeoutMs)
  }
  if (tcpSocket)
    return askTcp(tcpSocket.host ?? target.podIP, portNumber(tcpSocket.port, target.container), timeoutMs)
  return Promise.resolve(undefined) // exec and gRPC are not offered here: see `unsupportedProbes`
}

/** The probes of `container` that this stand-in cannot ask, a sentence each. They count as succeeding. */
export function unsupportedProbes(container: Container): string[] {
  const probes = {
    livenessProbe: container.livenessProbe,
    readinessProbe: container.readinessProbe,
    startupProbe: container.startupProbe,
  }
  return Object.entries(probes)
    .filter(([, probe]) => probe && !probe.httpGet && !probe.tcpSocket)
    .map(([name]) => `${name}: only httpGet and tcpSocket are asked in the sandbox; it counts as succeeding`)
}

function portNumber(port: string | number, container: Container): number {
  const named = container.ports?.find(({ name }) => name === port)
  return named?.containerPort ?? Number(port)
}

function askHttp(
  url: string,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<string | undefined> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve) => {
    const asked = request(url, {
      headers,
      rejectUnauthorized: false,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    })
    asked.on('response', (response) => {
      response.resume()
      const { statusCode = 0 } = response
      resolve(
        statusCode >= 200 && statusCode < 400
          ? undefined
          : `HTTP probe failed with statuscode: ${statusCode}`,
      )
    })
    asked.on('error', (error) => resolve(`Get "${url}": ${error.message}`))
    asked.end()
  })
}

function askTcp(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal: AbortSignal.timeout(timeoutMs) })
    const end = (failure?: string): void => {
      resolve(failure)
      socket.destroy()
    }
    socket.on('connect', () => end())
    socket.on('error', (error) => end(`dial tcp ${host}:${port}: ${error.message}`))
  })
}

export interface ProbeEvents {
  started: () => void
  ready: (ready: boolean, why: string) => void
  /** The container has to be restarted. */
  failed: (why: string) => void
}

/** Runs all probes of one run of a container, the startup probe first; returns what stops them. */
export function runProbes(target: ProbeTarget, events: ProbeEvents): () => void {
  const stops: (() => void)[] = []
  const { startupProbe, readinessProbe, livenessProbe } = target.container
  const afterStart = (): void => {
    events.started()
    if (readinessProbe) stops.push(repeat(readinessProbe, target, events.ready))
    else events.ready(true, '')
    if (livenessProbe) {
      stops.push(
        repeat(livenessProbe, target, (good, why) => good || events.failed(`Liveness probe failed: ${why}`)),
      )
    }
  }
  if (!startupProbe) afterStart()
  else {
    const stop = repeat(startupProbe, target, (good, why) => {
      stop()
      if (good) afterStart()
      else events.failed(`Startup probe failed: ${why}`)
    })
    stops.push(stop)
  }
  return () => stops.forEach((stop) => stop())
}
