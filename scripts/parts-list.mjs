// Which npm packages a bundle is made of, as an SBOM (CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/). From what
// the bundler read and what the lock file says of it: packages that are installed and not bundled are not in the image.
// @ts-check
import { readFileSync } from 'node:fs'
import { ROOT } from './checkout.mjs'

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} version
 * @property {string} license an SPDX expression, or empty where the package names none
 * @property {string} sha512 of the package's archive, hexadecimal
 */

/** The packages that `files` (relative to the checkout) are from, by name. @param {string[]} files @returns {Part[]} */
export function partsOf(files) {
  const { packages } = JSON.parse(readFileSync(`${ROOT}/package-lock.json`, 'utf8'))
  const folders = files.flatMap((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  const sorted = [...new Set(folders)].sort((one, other) => (one < other ? -1 : 1))
  return sorted.map((folder) => {
    const locked = packages[folder]
    if (locked === undefined) throw new Error(`${folder} is not in package-lock.json: run npm ci`)
    const { version, license = '', integrity = '' } = locked
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const sha512 = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
    return { name, version, license, sha512 }
  })
}

/** @param {Part[]} parts @param {string} version ours */
export function sbom(parts, version) {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': 'typemetal',
        name: 'typemetal',
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: parts.map(({ name, version, license, sha512 }) => {
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
      const licenses = license === '' ? {} : { licenses: [{ expression: license }] }
      const hashes = [{ alg: 'SHA-512', content: sha512 }]
      return { type: 'library', 'bom-ref': purl, name, version, ...licenses, hashes, purl }
    }),
  }
}
