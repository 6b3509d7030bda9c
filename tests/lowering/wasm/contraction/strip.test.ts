/** Strips in both forms of their inner loop, whichever this engine would choose: rows and columns beside them stay as they are. */
import { describe, expect, test } from 'vitest'
import { checkStack, ModuleBuilder } from '../../../../src/lowering/wasm/asm/index.ts'
import { panelBytes, stripArguments, strips, type StripArguments } from '../../../../src/lowering/wasm/contraction/strip.ts'

const memory = new WebAssembly.Memory({ initial: 11 })
const [panel, lhs, rhs, sums] = [1, 2, 5, 8].map((page) => page * 65536) as [number, number, number, number] // four of four
/** Rows, steps of k, panels of columns: each number of rows, then columns that strips pass by together, in whole groups and not. */
const small = Array.from({ length: 13 }, (_, i) => i + 1).flatMap((rows) => [1, 3, 4, 5, 8, 13].map((depth) => [rows, depth, 2] as const))
const large = [26, 37].map((rows) => [rows, 64, 33] as const)

describe.each([true, false])('unrolled: %s', (unrolled) => {
  describe.each(['float32', 'float64', 'int32'] as const)('%s', (dtype) => {
    test.each([true, false])('packed: %s', (packed) => {
      const module = new ModuleBuilder({ check: checkStack })
      module.importMemory('env', 'memory', { min: 1 })
      module.export('strips', strips(module, dtype, { packed, windows: false }, { unrolled }))
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } })
      const run = exports['strips'] as (...args: number[]) => void
      const View = { float32: Float32Array, float64: Float64Array, int32: Int32Array }[dtype]
      const bytes = View.BYTES_PER_ELEMENT
      const width = 32 / bytes
      const view = (at: number): InstanceType<typeof View> => new View(memory.buffer, at, 17408)
      for (const alongRows of [false, true])
        for (const [rows, depth, panels] of [...small, ...large]) {
          const columns = panels * width
          const outside = dtype === 'int32' ? 999 : NaN
          for (const at of [lhs, rhs, sums]) view(at).fill(outside)
          new Uint8Array(memory.buffer, panel, panelBytes(depth)).fill(0xff)
          const [row, step] = alongRows ? [1, rows + 3] : [depth + 3, 1]
          const rhsStep = packed ? width : columns
          const rhsPanel = packed ? width * depth : width
          const a = (i: number, k: number): number => ((i * 5 + k * 3) % 7) - 3
          const b = (k: number, j: number): number => ((k * 2 + j) % 5) - 2
          for (let k = 0; k < depth; k++) {
            for (let i = 0; i < rows; i++) view(lhs)[i * row + k * step] = a(i, k)
            for (let j = 0; j < columns; j++) view(rhs)[Math.floor(j / width) * rhsPanel + k * rhsStep + (j % width)] = b(k, j)
          }
          for (const accumulate of [0, 1]) {
            const given: StripArguments<number> = {
              lhs,
              lhsRow: row * bytes,
              lhsStep: step * bytes,
              run: 0,
              panel,
              rhs,
              rhsStep: rhsStep * bytes,
              rhsPanel: rhsPanel * bytes,
              sums,
              rowBytes: (columns + 3) * bytes,
              rows,
              columnPanels: panels,
              depth,
              accumulate,
            }
            run(...stripArguments.map((name) => given[name]))
          }
          const expected = new View(17408).fill(outside)
          for (let i = 0; i < rows; i++)
            for (let j = 0; j < columns; j++) {
              let sum = 0
              for (let k = 0; k < depth; k++) sum += a(i, k) * b(k, j)
              expected[i * (columns + 3) + j] = 2 * sum
            }
          expect(view(sums).findIndex((v, i) => !Object.is(v + 0, expected[i]! + 0)), `${rows} rows, k ${depth}`).toBe(-1)
        }
    })
  })
})
