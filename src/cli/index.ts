// `kubectl typemetal`: what is assigned and announced, why or why not, and what to do. Reads the cluster's objects alone.

export { CommandFailed, EXIT } from './exit-code.ts'
export { runCli } from './run.ts'
