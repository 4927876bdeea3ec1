// The kernel's version as records name it: without what its builder adds.

import { release } from 'node:os'

export const KERNEL_VERSION = release().replace(/-.*/, '')
