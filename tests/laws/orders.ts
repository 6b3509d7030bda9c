/** The same program computed in two ways, where a device may choose the order of sums by the kernel that they are in. */
import { makeJaxpr, type NDArray } from 'pullback'
import { held } from './law.ts'
import { byOrder, expectWithinSpread, spreads } from './rounding.ts'
import { expectSame, expectTypes, hostOf } from './values.ts'

/** `got` and `wanted` are what `f` gives of `xs`: equal to the bit on the reference; on other devices where nothing is summed, else up to the rounding of sums. */
export function expectSameOrOrdered(f: (...xs: NDArray[]) => NDArray[], xs: readonly NDArray[], got: readonly NDArray[], wanted: readonly NDArray[], what = ''): void {
  if (held.device === 'cpu') return expectSame(got, wanted, what)
  expectTypes(got, wanted)
  const { jaxpr, consts } = makeJaxpr(f)(...xs)
  expectWithinSpread(got.map(hostOf), wanted.map(hostOf), spreads(jaxpr, [...consts, ...xs].map(hostOf), byOrder))
}
