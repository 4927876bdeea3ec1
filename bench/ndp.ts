// Neighbour solicitations: see answers.ts.
import { measureAnswers } from './answers.ts'

await measureAnswers('ndp', import.meta.url, { own: '2001:db8::1', first: '2001:db8:1::' })
