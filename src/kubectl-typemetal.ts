#!/usr/bin/env node
// The program `kubectl-typemetal`, which kubectl finds on the PATH as `kubectl typemetal`.

import { CommandFailed, EXIT, runCli } from './cli/index.ts'

process.stdout.on('error', () => process.exit(EXIT.failed)) // who read it has gone: `| head`

const { stdout, stderr, env, argv } = process

runCli(argv.slice(2), {
  env,
  print: (text) => void stdout.write(text),
  tell: (line) => void stderr.write(`typemetal: ${line}\n`),
  isTerminal: stdout.isTTY,
  colours: stdout.isTTY && stdout.hasColors(), // which looks at NO_COLOR and TERM
  interrupted: () =>
    new Promise((resolve) => process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve())),
}).then(
  (exitCode) => (process.exitCode = exitCode),
  (error: unknown) => {
    stderr.write(`typemetal: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = error instanceof CommandFailed ? error.exitCode : EXIT.failed
  },
)
