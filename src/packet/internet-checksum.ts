// The checksum of IPv4's header, UDP and ICMPv6 (RFC 1071), in two steps: what is summed need not lie together.

/** The sum of the 16-bit words of at most 100,000 bytes; of an odd number the last is followed by a zero. */
export function wordSum(bytes: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  return sum
}

/** The sum of the two words of an unsigned number of 32 bits. */
export function wordSumOf32(number: number): number {
  return (number >>> 16) + (number & 0xffff)
}

/** Of all words, whose sum is given, the field for the checksum itself being zero. */
export function internetChecksum(sum: number): number {
  let rest = sum
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x1_0000)
  return ~rest & 0xffff
}
