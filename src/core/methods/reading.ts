/** Methods that give the values to JavaScript: reading, printing, coercion, iteration. */
import type { NDArray } from '../array.ts'
import { showType } from '../aval.ts'
import { decodeNumbers, type TypedArray } from '../bytes.ts'
import { dtypeInfo } from '../dtype.ts'
import { DtypeError, ShapeError } from '../errors.ts'
import { formatArray } from '../format.ts'
import { within } from '../in-name-of.ts'
import { ShapeMethods } from './shape.ts'

/** Nested lists of numbers or truth values, as deep as the array has axes. */
export type Nested = number | boolean | readonly Nested[]

export abstract class ArrayMethods extends ShapeMethods {
  static {
    // What Node's console.log looks for; a computed name in the class body would have to be declared for every environment.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: NDArray): string {
        // Looking at it must not throw.
        if (this.trace === null && !this.concrete('inspect').storage('inspect').readable) return `Array(${showType(this.aval)} on '${this.device}', not read)`
        return this.trace === null && this.dtype !== 'key' ? `Array(${this.toString().replaceAll('\n', '\n      ')}, ${this.dtype})` : this.toString()
      },
    })
  }
  /** The values as nested plain lists; of a scalar the value itself. Complex numbers are pairs. */
  js(this: NDArray): Nested {
    return nest(numbers(this, 'js'), this)
  }
  /** The one value of an array of one element. @throws ShapeError for any other size. */
  item(this: NDArray): number {
    if (this.size !== 1) throw new ShapeError('item', `takes an array of one element, and got shape [${this.shape.join(',')}]; use js() or dataSync()`)
    return one(this, 'item')
  }
  /** A copy of the values, row-major; float16 and bfloat16 as Float32Array, bool as Uint8Array, complex as pairs. */
  dataSync(this: NDArray): TypedArray {
    return numbers(this, 'dataSync')
  }
  async data(this: NDArray): Promise<TypedArray> {
    const a = this.concrete('data')
    return decoded(await a.storage('data').readAsync(), a, 'data')
  }
  async jsAsync(this: NDArray): Promise<Nested> {
    const a = this.concrete('jsAsync')
    return nest(decoded(await a.storage('jsAsync').readAsync(), a, 'jsAsync'), this)
  }
  /** Resolves to the array when its value has been computed. */
  async ready(this: NDArray): Promise<NDArray> {
    await this.concrete('ready').storage('ready').ready()
    return this
  }
  override toString(this: NDArray): string {
    if (this.trace !== null) return `Traced<${this.dtype}[${this.shape.join(',')}]>`
    if (this.dtype === 'key') return `Array(${JSON.stringify(this.shape)}, key)`
    return formatArray(numbers(this, 'toString'), this.shape, this.dtype)
  }
  toJSON(this: NDArray): Nested {
    return within('toJSON', () => this.js())
  }
  /** `${x}` prints; a comparison or arithmetic with a number works on a concrete scalar; + and == are refused, since they would join or compare text. */
  [Symbol.toPrimitive](hint: 'string' | 'number' | 'default'): string | number {
    const x = asArray(this)
    if (hint === 'string') return x.toString()
    if (hint === 'default') throw new ShapeError('+', 'does not work on arrays, and neither does ==; use x.add(y), x.equal(y), or x.item() for the value of a scalar')
    if (x.size !== 1) throw new ShapeError('Number', `an array of shape [${x.shape.join(',')}] is not one number; compare and calculate with np.greater, x.mul and so on, or reduce it first`)
    return one(x, 'Number')
  }
  /** Over the first axis. */
  *[Symbol.iterator](): Generator<NDArray, void, undefined> {
    const x = asArray(this)
    if (x.ndim === 0) throw new ShapeError('iterate', 'a scalar has no axis to iterate over; use x.item()')
    for (let i = 0; i < x.shape[0]!; i++) yield x.slice(i)
  }
}

const asArray = (x: ArrayMethods): NDArray => x as NDArray

function numbers(x: NDArray, operation: string): TypedArray {
  const a = x.concrete(operation)
  const storage = a.storage(operation)
  return decoded(within(operation, () => storage.read()), a, operation)
}

/** @throws DtypeError for a complex number, which is two. */
function one(x: NDArray, operation: string): number {
  if (dtypeInfo[x.dtype].kind === 'complex') throw new DtypeError(operation, `got ${showType(x.aval)}, whose value is two numbers; js() gives them as a pair`)
  return numbers(x, operation)[0]!
}

function decoded(bytes: Uint8Array, x: NDArray, operation: string): TypedArray {
  if (x.dtype === 'key') throw new DtypeError(operation, 'a PRNG key has no values to read; random.keyData(key) gives its words')
  return decodeNumbers(bytes, x.dtype)
}

function nest(values: TypedArray, { shape, dtype }: NDArray): Nested {
  const complex = dtypeInfo[dtype].kind === 'complex'
  const sizes = complex ? [...shape, 2] : shape
  let at = 0
  const build = (axis: number): Nested => {
    if (axis < sizes.length) return Array.from({ length: sizes[axis]! }, () => build(axis + 1))
    const v = values[at++]!
    return dtype === 'bool' ? v !== 0 : v
  }
  return build(0)
}
