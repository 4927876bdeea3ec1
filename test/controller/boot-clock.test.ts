import assert from 'node:assert/strict'
import { uptime } from 'node:os'
import test from 'node:test'
import { bootClock } from '../../src/controller/boot-clock.ts'

/** A machine whose clocks the test moves. */
class Machine {
  uptimeMs = 500_000
  monotonicMs = 100
  wallMs = 1_700_000_000_000
  readings = 0
  /** The process stands still for so long before each of its next readings of a clock. */
  freezesMs: number[] = []
  readonly clock = bootClock({
    uptime: () => {
      this.readings++
      this.#freeze()
      return Math.floor(this.uptimeMs / 10) * 10 // /proc/uptime tells hundredths of a second
    },
    monotonic: () => {
      this.#freeze()
      return this.monotonicMs
    },
    wall: () => {
      this.#freeze()
      return Math.floor(this.wallMs)
    },
  })

  #freeze(): void {
    this.run(this.freezesMs.shift() ?? 0)
  }

  run(ms: number): void {
    this.sleep(ms)
    this.monotonicMs += ms
  }

  sleep(ms: number): void {
    this.uptimeMs += ms
    this.wallMs += ms
  }
}

test('the clock is that of the machine', () => {
  assert.ok(Math.abs(bootClock()() - uptime() * 1000) < 1000)
})

test('while the machine is awake the time since its start is read once', () => {
  const machine = new Machine()
  const start = machine.clock()
  for (let step = 0; step < 1000; step++) {
    machine.run(12.34)
    machine.clock()
  }
  assert.equal(Math.round(machine.clock() - start), 12_340)
  assert.equal(machine.readings, 1)
})

test('the time that the machine slept counts', () => {
  const machine = new Machine()
  const start = machine.clock()
  machine.run(1000)
  machine.sleep(60_000)
  assert.ok(Math.abs(machine.clock() - start - 61_000) <= 10)
  machine.run(1000)
  assert.ok(Math.abs(machine.clock() - start - 62_000) <= 10)
})

test('it never goes back, whatever becomes of the time of day', () => {
  const machine = new Machine()
  let last = machine.clock()
  for (const step of [3_600_000, -7_200_000, 3, -50, 7, 1_000_000]) {
    machine.wallMs += step
    machine.run(1)
    const now = machine.clock()
    assert.ok(now > last && now - last < 12, `${now - last} ms after a step of ${step}`)
    last = now
  }
})

test('wherever the process is frozen in between, the clock is that of the machine afterwards', () => {
  for (let at = 0; at < 6; at++) {
    const machine = new Machine()
    machine.clock()
    machine.sleep(60_000)
    machine.freezesMs = Array.from({ length: 6 }, (_, reading) => (reading === at ? 20_000 : 0))
    machine.clock()
    machine.freezesMs = []
    assert.ok(Math.abs(machine.clock() - machine.uptimeMs) <= 10, `reading ${at}`)
  }
})
