// Hardware addresses of Ethernet: number inside, text at the edge.

/** 48 bits as an unsigned number, the first byte on the wire highest; every MAC fits a number exactly. */
export type Mac = number

export const BROADCAST_MAC: Mac = 0xffff_ffff_ffff

/** Lower case with colons, as `ip link` writes it. */
export function formatMac(mac: Mac): string {
  return mac
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?!$)/g, '$&:')
}
