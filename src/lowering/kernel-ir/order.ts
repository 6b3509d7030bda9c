/** Which folds may be cut up and run side by side, and which may not. */
import type { Stage } from './kernel.ts'

/** Whether a stage takes its inner elements one after the other, in row-major order: no lanes, chunks or trees. */
export const foldsInOrder = (stage: Stage): boolean =>
  stage.kind === 'cumulative' || (stage.kind === 'reduce' && (stage.inOrder === true || stage.accumulators.some(({ combine }) => combine === 'selectGe' || combine === 'selectLe')))
