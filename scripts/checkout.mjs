// Where this checkout lies.
// @ts-check
import { fileURLToPath } from 'node:url'

/** Without a slash at its end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
