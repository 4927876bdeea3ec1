// Random inputs, the same ones each time: a failure comes from the change at hand. `SEED=random` looks for others, and
// `SEED=number` takes those of the run that found some.
import fc from 'fast-check'

const { SEED = '1' } = process.env
if (SEED !== 'random') fc.configureGlobal({ seed: Number(SEED) })

export { fc }
