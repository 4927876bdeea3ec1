// What can go wrong on a segment; each fault ends by itself.
import type { Machine } from './machine.ts'
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
    victim.setCarrier(false, true)
    world.after(duration, () => victim.setCarrier(true, true))
  },
  /** The switch's port is blocked, which its machine does not see. */
  port(world, victim, duration) {
    victim.setCarrier(false, false)
    world.after(duration, () => victim.setCarrier(true, false))
  },
  /** Sends, and hears nothing or little. */
  deaf(world, victim, duration) {
    // Who loses half of all frames may hear enough of a majority, and too little of one peer: nobody is innocent.
    const loss = world.random.pick(world.judge.innocents.size > 0 ? [1, 0.97, 0.9] : [1, 0.97, 0.9, 0.5])
    setLinks(world, victim, 'to', loss)
    world.after(duration, () => setLinks(world, victim, 'to', 0))
  },
  /** Hears, and is not heard. */
  mute(world, victim, duration) {
    setLinks(world, victim, 'from', 1)
    world.after(duration, () => setLinks(world, victim, 'from', 0))
  },
  /** One direction between it and one other. */
  oneWay(world, victim, duration) {
    const other = world.random.pick(world.machines)
    world.judge.innocents.delete(other)
    const [from, to] = world.random.chance(0.5) ? [victim, other] : [other, victim]
    world.segment.setLoss(from.index, to.index, 1)
    world.after(duration, () => world.segment.setLoss(from.index, to.index, 0))
  },
  /** Both directions between it and one other: the rest hears both. */
  apart(world, victim, duration) {
    const other = world.random.pick(world.machines)
    world.judge.innocents.delete(other)
    setBoth(world, victim, other, 1)
    world.after(duration, () => setBoth(world, victim, other, 0))
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
  const names = group.map(({ name }) => name).join(' ')
  world.trace(null, `fault: ${names} split off for ${duration.toFixed(0)} ms`)
  const set = (loss: number): void => {
    for (const one of group)
      for (const other of world.machines) if (!group.includes(other)) setBoth(world, one, other, loss)
    world.judge.linksChanged()
  }
  set(1)
  world.after(duration, () => {
    world.trace(null, `fault: ${names} joined again`)
    set(0)
  })
}

/** Hellos between the two groups are swallowed, ARP passes. */
export function filter(world: World, group: readonly Machine[], duration: number): void {
  const names = group.map(({ name }) => name).join(' ')
  world.trace(null, `fault: hellos of ${names} filtered for ${duration.toFixed(0)} ms`)
  const set = (filtered: boolean): void => {
    for (const one of group)
      for (const other of world.machines)
        if (!group.includes(other)) {
          world.segment.setFiltered(one.index, other.index, filtered)
          world.segment.setFiltered(other.index, one.index, filtered)
        }
    world.judge.linksChanged()
  }
  set(true)
  world.after(duration, () => {
    world.trace(null, `fault: hellos of ${names} pass again`)
    set(false)
  })
}

function setBoth(world: World, one: Machine, other: Machine, loss: number): void {
  world.segment.setLoss(one.index, other.index, loss)
  world.segment.setLoss(other.index, one.index, loss)
}

function setLinks(world: World, victim: Machine, direction: 'from' | 'to', loss: number): void {
  for (const other of world.machines) {
    if (other === victim) continue
    if (direction === 'from') world.segment.setLoss(victim.index, other.index, loss)
    else world.segment.setLoss(other.index, victim.index, loss)
  }
}
