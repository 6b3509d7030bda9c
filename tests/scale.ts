/**
 * The one place from which randomised, looping and long tests take their size. `npm test` runs at 'quick', which stays
 * under ten minutes on two cores; `npm run test:full` runs the same tests at 'full'.
 */
export type Scale = 'quick' | 'full'

export const scale: Scale = process.env['PULLBACK_TEST_SCALE'] === 'full' ? 'full' : 'quick'

/** `quick` or `full`, whichever this run is: `test('a law', () => fc.assert(prop, { numRuns: sized(50, 2000) }))`. */
export const sized = <T>(quick: T, full: T): T => (scale === 'full' ? full : quick)

/** Runs of one fast-check property. */
export const numRuns: number = sized(50, 1000)

/** Runs of a property whose single run compiles or evaluates a program. */
export const numSlowRuns: number = sized(15, 300)

/** Seconds that one long test may take at this scale. */
export const longTestTimeout: number = sized(120_000, 3_600_000)

/** Programs that one law is tried on; as many as `PULLBACK_TEST_PROGRAMS` says, where it does. */
export const numLawRuns: number = Number(process.env['PULLBACK_TEST_PROGRAMS'] ?? sized(40, 2000))

const asked = process.env['PULLBACK_TEST_SEED']

/**
 * Where random programs and operands of properties start (tests/setup.ts): the same in every run, so that a figure can be repeated and a change is blamed
 * for what it breaks alone. `PULLBACK_TEST_SEED=random` looks elsewhere each time (null); a number is that seed.
 */
export const seed: number | null = asked === 'random' ? null : Number(asked ?? 4)
