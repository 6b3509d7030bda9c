import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkStack, ModuleBuilder, opcodes, type FunctionBuilder, type Local, type MemoryName, type Opcode, type PlainName, type ValueType } from '../../../../src/lowering/wasm/asm/index.ts'
import { numSlowRuns } from '../../../scale.ts'
import { bothForms } from './assemble.ts'

const types: readonly ValueType[] = ['i32', 'i64', 'f32', 'f64', 'v128']
const plain = [...opcodes.values()].filter((op) => !op.relaxed && op.results.length === 1 && (op.kind === 'none' || op.kind === 'memory'))
const producers = new Map<ValueType, readonly Opcode[]>(types.map((type) => [type, plain.filter((op) => op.results[0] === type)]))

/** Emits code that leaves one value of the type, shaped by the numbers of `choices`; out of choices, it reads a local. */
const emitValue = (fn: FunctionBuilder, locals: readonly Local[], type: ValueType, choices: number[]): void => {
  const choice = choices.pop()
  const local = locals[types.indexOf(type)]
  if (choice === undefined || !local) return void fn.get(local ?? fn.param(0))
  const value = (of: ValueType): void => emitValue(fn, locals, of, choices)
  switch (choice % 8) {
    case 0:
      return void fn.get(local)
    case 1:
      value(type)
      return void fn.tee(local)
    case 2:
      value('i32')
      return void fn.if(() => value(type), () => value(type), [type])
    case 3:
      return void fn.block((done) => {
        value(type)
        value('i32')
        fn.brIf(done)
      }, [type])
    case 4:
      value(type)
      value(type)
      value('i32')
      return void fn.select()
    default: {
      const candidates = producers.get(type) ?? []
      const op = candidates[choice % candidates.length]
      if (!op) return void fn.get(local) // nothing that the library emits makes an f32
      for (const param of op.params) value(param)
      if (op.kind === 'none') fn.emit(op.name as PlainName) // kinds and names belong together
      else fn.mem(op.name as MemoryName, choice % 100000)
    }
  }
}

test('random code is the same in both forms and validates', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 200 }), fc.constantFrom(...types), (choices, type) => {
      const module = new ModuleBuilder({ check: checkStack })
      module.importMemory('env', 'memory', { min: 1, max: 1, shared: true })
      const fn = module.function('random', types, [type])
      const locals = types.map((of, i) => (i % 2 === 0 ? fn.param(i) : fn.local(of)))
      emitValue(fn, locals, type, [...choices])
      const { bytes, fromText } = bothForms(module)
      expect(bytes).toBe(fromText)
      expect(WebAssembly.validate(module.toBytes())).toBe(true)
    }),
    { numRuns: numSlowRuns * 4 },
  )
})
