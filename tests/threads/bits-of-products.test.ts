/** The number of threads changes no bit of a product, in any form in which products are computed. */
import { np, nn } from 'pullback'
import { describe, expect, test } from 'vitest'
import { parseJaxpr } from '../../src/core/parse.ts'
import { formsOf } from './forms.ts'
import { allThreadsAreLeft, expectRight, expectSharedBits, traced } from './same-bits.ts'

const dot = (a: string, b: string, c: string, rank: number): string => {
  const leading = Array.from({ length: rank - 2 }, (_, i) => `${i},`).join('')
  return `{ lambda ; a:f32[${a}] b:f32[${b}]. let c:f32[${c}] = dotGeneral[dimensionNumbers={batch=((${leading}), (${leading})) contracting=((${rank - 1},), (${rank - 2},))} preferredElementType=None] a b in (c,) }`
}
const product = (m: number, n: number, k: number): string => dot(`${m},${k}`, `${k},${n}`, `${m},${n}`, 2)
const batches = (b: number, m: number, n: number, k: number): string => dot(`${b},${m},${k}`, `${b},${k},${n}`, `${b},${m},${n}`, 3)

describe('the same bits with 1, 2 and 4 threads', () => {
  // With the form that each stands for, so that none is left out when the planner changes.
  test.each<[string, form: string, text: string]>([
    ['a product', 'rows by rows, depth in 1, finished apart', product(200, 300, 150)],
    ['a product of operands that are read where they lie', 'rows by rows, depth in 1', product(64, 64, 64)],
    ['a product of few columns in blocks of k', 'rows by rows, depth in 4', product(67, 16, 900)],
    ['a product with a long k', 'rows by rows, depth in 8, finished apart', product(100, 90, 2000)],
    ['a product in blocks of k, of more columns than are packed at once', 'blocks by rows, depth in 4', product(64, 520, 520)],
    ['a product of some rows, by groups of columns', 'blocks by columns, depth in 5, finished apart', product(33, 270, 1100)],
    ['a product of some rows and few columns, by slices of k', 'slices, depth in 20, finished apart', product(9, 32, 5000)],
    ['a product of five rows', 'sweeps of slices', product(5, 1000, 300)],
    ['a product of four rows, in slices of k', 'sweeps of slices', product(4, 1000, 301)],
    ['a product of a row', 'sweeps of slices', product(1, 5000, 130)],
    ['a product of a column', 'dots', product(130, 1, 501)],
    ['a product of few long rows and a column', 'dots of slices', product(9, 1, 30001)],
    ['products of matrices and columns', 'dots', batches(3, 70, 3, 130)],
    ['a product of five rows with a long k', 'sweeps of slices', product(5, 700, 1700)],
    ['products of batches', 'rows by batches, depth in 1', batches(20, 30, 40, 50)],
    ['products of batches in blocks of k', 'blocks by batches, depth in 4', batches(8, 9, 520, 520)],
    ['products of few batches', 'rows by rows, depth in 1', batches(3, 100, 40, 50)],
    ['products of few batches, by groups of columns', 'blocks by columns, depth in 1, finished apart', batches(3, 20, 270, 300)],
    ['products of few batches of five rows', 'sweeps of slices', batches(3, 5, 300, 1000)],
    ['products of few batches of few rows and columns with a long k', 'slices, depth in 16, finished apart', batches(3, 6, 7, 4000)],
    ['a product of whole numbers', 'rows by rows, depth in 1, finished apart', product(70, 90, 80).replaceAll('f32', 'i32')],
    ['a product of bytes', 'rows by rows, depth in 1, finished apart', product(70, 90, 130).replaceAll(/([ab]):f32/g, '$1:i8').replace('c:f32', 'c:i32').replace('None', 'int32')],
    ['a product of doubles, by slices of k', 'slices, depth in 4, finished apart', product(33, 21, 1000).replaceAll('f32', 'f64')],
    ['a product of doubles', 'rows by rows, depth in 1, finished apart', product(130, 70, 300).replaceAll('f32', 'f64')],
  ])('of %s: %s', (_, form, text) => {
    const jaxpr = parseJaxpr(text)
    expect(formsOf(jaxpr)).toEqual([form])
    expectSharedBits(jaxpr)
    expectRight(jaxpr)
  })

  test.each<[string, form: string, f: (...xs: np.NDArray[]) => np.NDArray, shapes: number[][]]>([
    ['operands that have to be computed', 'rows by rows, depth in 1, finished apart', (x, y) => np.matmul(np.exp(x), np.sin(y)), [[130, 200], [200, 70]]],
    ['what follows a product by groups of columns', 'blocks by columns, depth in 5, finished apart', (x, y, b) => nn.relu(np.matmul(x, y).add(b)), [[33, 1100], [1100, 264], [264]]],
    ['what follows products of few batches, by groups of columns', 'blocks by columns, depth in 1, finished apart', (x, y, b) => nn.relu(np.matmul(x, y).add(b)), [[3, 20, 300], [3, 300, 256], [256]]],
    ['what follows a product of more columns than are packed at once', 'blocks by rows, depth in 4, finished apart', (x, y, b) => np.tanh(np.matmul(x, y).add(b)), [[70, 520], [520, 520], [520]]],
  ])('of %s: %s', (_, form, f, shapes) => {
    const jaxpr = traced(f, ...shapes)
    expect(formsOf(jaxpr)).toEqual([form])
    expectSharedBits(jaxpr)
  })
})

allThreadsAreLeft()
