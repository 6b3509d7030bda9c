import { describe, expect, test } from 'vitest'
import { checkStack, ModuleBuilder, opcodes, type BulkName, type FunctionBuilder, type LaneName, type MemoryLaneName, type MemoryName, type Opcode, type PlainName, type ValueType } from '../../../../src/lowering/wasm/asm/index.ts'
import { bothForms } from './assemble.ts'

const constant = (fn: FunctionBuilder, type: ValueType): void => {
  switch (type) {
    case 'i32':
      return void fn.i32(-7)
    case 'i64':
      return void fn.i64(-7n)
    case 'f32':
      return void fn.f32(0.1)
    case 'f64':
      return void fn.f64(-1e300)
    case 'v128':
      return void fn.i32x4(1, -2, 3, 0x7fffffff)
  }
}

/** Emits the instruction in its simplest form; false for those that the builder has methods of their own for. */
const emitAny = (fn: FunctionBuilder, op: Opcode): boolean => {
  switch (op.kind) {
    case 'none':
      if (op.params.length === 0 && op.results.length === 0) return false
      fn.emit(op.name as PlainName)
      return true
    case 'memory':
      fn.mem(op.name as MemoryName, 1000)
      return true
    case 'memoryLane':
      fn.memLane(op.name as MemoryLaneName, 16 / op.size - 1, 8)
      return true
    case 'lane':
      fn.lane(op.name as LaneName, op.size - 1)
      return true
    case 'zeros':
      fn.bulk(op.name as BulkName)
      return true
    default:
      return false
  }
}

const moduleWithEvery = (ops: readonly Opcode[], relaxedSimd: boolean): ModuleBuilder => {
  const module = new ModuleBuilder({ check: checkStack, relaxedSimd })
  module.importMemory('env', 'memory', { min: 1, max: 2, shared: true })
  const fn = module.function('every')
  for (const op of ops) {
    if (op.kind === 'none' && op.params.length === 0) continue
    for (const type of op.params) constant(fn, type)
    if (emitAny(fn, op)) for (const _ of op.results) fn.drop()
    else for (const _ of op.params) fn.drop()
  }
  return module
}

const all = [...opcodes.values()]

describe('the instruction table', () => {
  test('holds every instruction once', () => {
    expect(new Set(all.map((op) => op.code)).size).toBe(all.length)
    expect(all.length).toBeGreaterThan(200)
  })

  test('each instruction is what wabt assembles', () => {
    const differs = all.filter((op) => {
      const { bytes, fromText } = bothForms(moduleWithEvery([op], true))
      return bytes !== fromText
    })
    expect(differs.map((op) => op.name)).toEqual([])
  })

  test('each instruction validates; the engine’s version decides about relaxed ones', () => {
    const invalid = all.filter((op) => !op.relaxed && !WebAssembly.validate(moduleWithEvery([op], false).toBytes()))
    expect(invalid.map((op) => op.name)).toEqual([])
  })

  test('all of them in one function', () => {
    const module = moduleWithEvery(all.filter((op) => !op.relaxed), false)
    const { bytes, fromText } = bothForms(module)
    expect(bytes).toBe(fromText)
    expect(WebAssembly.validate(module.toBytes())).toBe(true)
  })
})
