// What can go wrong on a segment; each fault ends by itself.
import type { Machine } from './machine.ts'
import { ONLY_HELLOS } from './segment.ts'
import type { World } from './world.ts'

/** Breaks something at once, mends it `duration` ms later. */
export type Fault = (world: World, victim: Machine, duration: number) => void

export const FAULTS = {
  crash(world, victim, duration) {
    victim.crash()
    world.after(duration, () => {
      if (victim.process === null) victim.start()
    })
  },
  terminate(world, victim, duration) {
    victim.leave()
    world.after(1500, () => victim.crash())
    world.after(1500 + duration, () => {
      if (victim.process === null) victim.start()
    })
  },
  freeze(world, victim, duration) {
    victim.isFrozen = true
    world.after(duration, () => victim.resume())
  },
  stall(world, victim, duration) {
    victim.isStalled = true
    world.after(Math.min(duration, world.random.between(50, 900)), () => victim.resume())
  },
  cable(world, victim, duration) {
    world.after(duration, victim.unplug(true))
  },
  /** The switch's port is blocked, which its machine does not see. */
  port(world, victim, duration) {
    world.after(duration, victim.unplug(false))
  },
  /** Sends, and hears nothing or little. */
  deaf(world, victim, duration) {
    // Who loses less than everything may hear enough of a majority, and too little of one peer.
    const loss = world.judge.innocents.size > 0 ? 1 : world.random.pick([1, 0.97, 0.9, 0.5])
    impair(
      world,
      duration,
      world.machines.map((other) => [other, victim]),
      loss,
    )
  },
  /** Hears, and is not heard. */
  mute(world, victim, duration) {
    impair(
      world,
      duration,
      world.machines.map((other) => [victim, other]),
      1,
    )
  },
  /** One direction between it and one other. */
  oneWay(world, victim, duration) {
    const other = world.random.pick(world.machines)
    world.judge.innocents.delete(other)
    impair(world, duration, [world.random.chance(0.5) ? [victim, other] : [other, victim]], 1)
  },
  /** Both directions between it and one other: the rest hears both. */
  apart(world, victim, duration) {
    const other = world.random.pick(world.machines)
    world.judge.innocents.delete(other)
    impair(
      world,
      duration,
      [
        [victim, other],
        [other, victim],
      ],
      1,
    )
  },
  cutApi(world, victim, duration) {
    world.cutApi(victim)
    world.after(duration, () => world.restoreApi(victim))
  },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

export function strike(world: World, name: FaultName, victim: Machine, duration: number): void {
  world.trace(victim, `fault: ${name} for ${duration.toFixed(0)} ms`)
  FAULTS[name](world, victim, duration)
  world.judge.linksChanged()
  world.after(duration + 0.001, () => {
    world.trace(victim, `fault: ${name} is over`)
    world.judge.linksChanged()
  })
}

/** Nothing passes between the two groups. */
export function split(world: World, group: readonly Machine[], duration: number): void {
  between(world, group, duration, 1, 'split off')
}

/** Hellos between the two groups are swallowed, ARP passes. */
export function filter(world: World, group: readonly Machine[], duration: number): void {
  between(world, group, duration, ONLY_HELLOS, 'not heard by the others')
}

function between(world: World, group: readonly Machine[], duration: number, loss: number, how: string): void {
  const names = group.map(({ name }) => name).join(' ')
  world.trace(null, `fault: ${names} ${how} for ${duration.toFixed(0)} ms`)
  const links: Link[] = []
  for (const one of group)
    for (const other of world.machines) if (!group.includes(other)) links.push([one, other], [other, one])
  impair(world, duration, links, loss)
  world.judge.linksChanged()
  world.after(duration + 0.001, () => {
    world.trace(null, `fault: ${names} ${how} no more`)
    world.judge.linksChanged()
  })
}

type Link = readonly [from: Machine, to: Machine]

function impair(world: World, duration: number, links: readonly Link[], loss: number): void {
  for (const [from, to] of links)
    if (from !== to) world.after(duration, world.segment.impair(from.index, to.index, loss))
}
