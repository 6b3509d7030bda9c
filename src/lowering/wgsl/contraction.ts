/**
 * Contractions: a workgroup of 16 x 16 invocations makes a tile of 64 x 64 results, 4 x 4 each, from panels of 16 steps of
 * the depth that it keeps in workgroup memory. What stands before and after the product is evaluated on the way into the
 * panels and out of the sums, so convolutions are nothing else.
 */
import { sizeOf } from '../../core/aval.ts'
import { type ContractionKernel, type Program, readsOfKernel, writesOfKernel } from '../kernel-ir/index.ts'
import { expressionText, type Scope, storeText } from './expression.ts'
import { unravel, variableNames } from './loop-kernel.ts'
import { Buffers, dispatchOf, indented, moduleText, type Shader } from './shader.ts'
import { literalOf, typeOf } from './types.ts'

const tile = 64
const panel = 16
const each = 4
const threads = (tile / each) ** 2

export function contractionShader(kernel: ContractionKernel, program: Program): Shader {
  const buffers = new Buffers(program, readsOfKernel(kernel), writesOfKernel(kernel))
  const [batches, rows, columns, depth] = [sizeOf(kernel.batch), sizeOf(kernel.m), sizeOf(kernel.n), sizeOf(kernel.k)]
  const [rowTiles, columnTiles] = [Math.ceil(rows / tile), Math.ceil(columns / tile)]
  const type = typeOf(kernel.dtype)
  const zero = literalOf(kernel.dtype, 0)
  const sizes = [...kernel.batch, ...kernel.m, ...kernel.n, ...kernel.k]
  const firstOf = { m: kernel.batch.length, n: kernel.batch.length + kernel.m.length, k: kernel.batch.length + kernel.m.length + kernel.n.length }
  const scope = (prefix: string): Scope => ({
    buffers,
    variables: { sizes, names: variableNames(sizes, 'd') },
    prefix,
    reduced: () => zero,
    accumulator: () => 'sum',
  })
  const batch = unravel('batch', kernel.batch, 'd', 0)

  /** Invocations fill a panel element by element; what is past the edges is zero. */
  const fill = (side: 'lhs' | 'rhs'): string => {
    const nodes = kernel[side]
    const text = expressionText(scope(side === 'lhs' ? 'l' : 'r'), nodes)
    const [line, count, axis, first] = side === 'lhs' ? (['row', rows, kernel.m, firstOf.m] as const) : (['column', columns, kernel.n, firstOf.n] as const)
    return [
      `for (var e = i32(local); e < ${tile * panel}i; e += ${threads}i) {`,
      `  let step = start + e % ${panel}i;`,
      `  let ${line} = ${line}_tile * ${tile}i + e / ${panel}i;`,
      `  var value = ${zero};`,
      `  if (${line} < ${count}i && step < ${depth}i) {`,
      indented(indented([...unravel(line, axis, 'd', first), ...unravel('step', kernel.k, 'd', firstOf.k), ...text.statements, `value = ${text.values.at(-1)!};`].join('\n'))),
      '  }',
      // The depth is the slow axis of the panel: invocations side by side read neighbours.
      `  ${side}_panel[(e % ${panel}i) * ${tile}i + e / ${panel}i] = value;`,
      '}',
    ].join('\n')
  }

  const epilogue = expressionText(scope('e'), kernel.epilogue)
  const body = [
    `let batch = group / ${rowTiles * columnTiles}i;`,
    `if (batch >= ${batches}i) { return; }`,
    `let row_tile = (group / ${columnTiles}i) % ${rowTiles}i;`,
    `let column_tile = group % ${columnTiles}i;`,
    ...batch,
    `let own_row = (i32(local) / ${tile / each}i) * ${each}i;`,
    `let own_column = (i32(local) % ${tile / each}i) * ${each}i;`,
    `var sums: array<${type}, ${each * each}>;`,
    `for (var start = 0i; start < ${depth}i; start += ${panel}i) {`,
    indented([fill('lhs'), fill('rhs'), 'workgroupBarrier();'].join('\n')),
    `  for (var k = 0i; k < ${panel}i; k++) {`,
    `    for (var i = 0i; i < ${each}i; i++) {`,
    `      let x = lhs_panel[k * ${tile}i + own_row + i];`,
    `      for (var j = 0i; j < ${each}i; j++) { sums[i * ${each}i + j] += x * rhs_panel[k * ${tile}i + own_column + j]; }`,
    '    }',
    '  }',
    '  workgroupBarrier();',
    '}',
    `for (var i = 0i; i < ${each}i; i++) {`,
    `  for (var j = 0i; j < ${each}i; j++) {`,
    `    let row = row_tile * ${tile}i + own_row + i;`,
    `    let column = column_tile * ${tile}i + own_column + j;`,
    `    if (row >= ${rows}i || column >= ${columns}i) { continue; }`,
    `    let sum = sums[i * ${each}i + j];`,
    indented(indented([...unravel('row', kernel.m, 'd', firstOf.m), ...unravel('column', kernel.n, 'd', firstOf.n), ...epilogue.statements, ...kernel.stores.map((s) => storeText(scope('e'), s, epilogue, kernel.epilogue))].join('\n'))),
    '  }',
    '}',
  ].join('\n')
  const shared = [`var<workgroup> lhs_panel: array<${type}, ${tile * panel}>;`, `var<workgroup> rhs_panel: array<${type}, ${tile * panel}>;`].join('\n')
  return {
    code: moduleText(buffers, threads, indented(body), shared),
    bindings: buffers.bindings,
    loops: buffers.loops,
    workgroupSize: threads,
    workgroups: dispatchOf(batches * rowTiles * columnTiles),
  }
}
