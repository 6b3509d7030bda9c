/** `{ shape, dtype }` in place of arrays, where only types of arguments are read: JAX's ShapeDtypeStruct. */
import { Tracer } from '../core/array.ts'
import { type Aval, aval, type Shape } from '../core/aval.ts'
import { defaultDevice } from '../core/devices.ts'
import type { DeviceName } from '../core/device-name.ts'
import { type DType, isDType } from '../core/dtype.ts'
import { ConcretizationError, InternalError } from '../core/errors.ts'
import { checkShape } from '../core/ops/checks.ts'
import { leafValue } from '../core/ops/operands.ts'
import type { Trace } from '../core/trace.ts'
import { type ArrayLike, flatten, unflatten } from '../core/tree.ts'
import type { Flat } from './functions.ts'

/** What is known of an array that was not computed. */
export interface ShapeDtype {
  readonly shape: Shape
  readonly dtype: DType
}

/** The same arguments, with `{ shape, dtype }` for any array. */
export type Abstract<T> = T extends ArrayLike ? T | ShapeDtype : T extends null | undefined ? T : T extends object ? { readonly [K in keyof T]: Abstract<T[K]> } : T

/** Nothing is bound to what has a type alone. */
const nowhere: Trace = {
  level: -1,
  name: 'a type',
  alive: true,
  lift: () => {
    throw new InternalError('evalShape', 'a type took part in a computation')
  },
  process: () => {
    throw new InternalError('evalShape', 'a type took part in a computation')
  },
}

class TypeAlone extends Tracer {
  readonly trace = nowhere
  readonly aval: Aval
  constructor(a: Aval) {
    super()
    this.aval = a
  }
  get device(): DeviceName {
    return defaultDevice()
  }
  override concrete(operation: string): never {
    throw new ConcretizationError(operation, 'needs values, and the argument is { shape, dtype }; pass an array')
  }
}

function typeAlone(operation: string, x: object): ArrayLike | null {
  if (!('dtype' in x && 'shape' in x) || !isDType(x.dtype)) return null
  // A list of sizes, or it is refused.
  return new TypeAlone(aval([...checkShape(operation, x.shape as Shape)], x.dtype))
}

/** Leaves of arguments of which only types are read. */
export function flattenTypes(tree: unknown, operation: string): Flat {
  const [leaves, structure] = flatten(tree, operation, (x) => typeAlone(operation, x))
  return { values: leaves.map(leafValue), structure }
}

/** Arguments with arrays of types alone for every `{ shape, dtype }`. */
export function withTypesAlone(args: readonly unknown[], operation: string): readonly unknown[] {
  const [leaves, structure] = flatten([...args], operation, (x) => typeAlone(operation, x))
  return unflatten(structure, leaves) as readonly unknown[]
}
