/** The arithmetic of index maps that emission uses. */
export {
  atomKey,
  atomRange,
  coefficientOf,
  constantIndex,
  dimIndex,
  eachDim,
  indexKey,
  isNested,
  mentions,
  type Range,
  rangeOf,
  simplify,
  simplifyGuards,
  type Sizes,
  substitute,
} from '../../kernel-ir/index.ts'
