// Reading and writing numbers one after the other, in network byte order. Knows nothing of any protocol.

/** Thrown by `Reader` at the end of its bytes; decoders turn it into `null`. */
export class EndOfBytes extends RangeError {}

export class Reader {
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** An unsigned number of `width` bytes, at most six. */
  number(width: number): number {
    const at = this.#advance(width)
    if (width === 1) return this.#view.getUint8(at)
    if (width === 2) return this.#view.getUint16(at)
    if (width === 4) return this.#view.getUint32(at)
    let value = 0
    for (let index = 0; index < width; index++) value = value * 256 + this.#view.getUint8(at + index)
    return value
  }

  /** An unsigned number; `width`: in bytes, a multiple of four. */
  big(width: number): bigint {
    let value = 0n
    for (let rest = width; rest > 0; rest -= 4) value = (value << 32n) | BigInt(this.number(4))
    return value
  }

  /** The next `width` bytes, as a view of the same memory. */
  bytes(width: number): Uint8Array {
    const at = this.#advance(width)
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, width)
  }

  get rest(): number {
    return this.#view.byteLength - this.#offset
  }

  #advance(width: number): number {
    const at = this.#offset
    if (at + width > this.#view.byteLength) {
      throw new EndOfBytes(`${at + width} bytes wanted, there are ${this.#view.byteLength}`)
    }
    this.#offset += width
    return at
  }
}

/** Writes into a buffer of fixed size, made of zeros; running over its end is a defect of the caller. */
export class Writer {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
    this.#view = new DataView(this.bytes.buffer)
  }

  number(width: number, value: number): this {
    if (this.#offset + width > this.bytes.length) throw new RangeError(`no room for ${width} bytes`)
    if (width === 1) this.#view.setUint8(this.#offset, value)
    else if (width === 2) this.#view.setUint16(this.#offset, value)
    else if (width === 4) this.#view.setUint32(this.#offset, value)
    else {
      let rest = value
      for (let index = width - 1; index >= 0; index--) {
        this.bytes[this.#offset + index] = rest % 256
        rest = Math.floor(rest / 256)
      }
    }
    this.#offset += width
    return this
  }

  /** As `Reader.big`. */
  big(width: number, value: bigint): this {
    for (let shift = 8 * (width - 4); shift >= 0; shift -= 32)
      this.number(4, Number((value >> BigInt(shift)) & 0xffff_ffffn))
    return this
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#offset)
    this.#offset += bytes.length
    return this
  }
}
