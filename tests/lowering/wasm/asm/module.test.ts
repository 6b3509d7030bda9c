import { describe, expect, test } from 'vitest'
import { AssemblyError, checkStack, ModuleBuilder, printWat, type FunctionBuilder, type ValueType } from '../../../../src/lowering/wasm/asm/index.ts'
import { bothForms } from './assemble.ts'

const instantiate = (module: ModuleBuilder, imports: WebAssembly.Imports = {}): Readonly<Record<string, (...args: readonly number[]) => unknown>> => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), imports)
  return Object.fromEntries(Object.entries(exports).flatMap(([name, value]) => (typeof value === 'function' ? [[name, (...args: readonly number[]): unknown => Reflect.apply(value, undefined, args)]] : [])))
}

/** A function of one module, exported, after a check that text and bytes agree. */
const run = (params: readonly ValueType[], results: readonly ValueType[], body: (fn: FunctionBuilder) => void, ...args: readonly number[]): unknown => {
  const module = new ModuleBuilder({ check: checkStack })
  const fn = module.function('run', params, results)
  body(fn)
  module.export('run', fn)
  const { bytes, fromText } = bothForms(module)
  expect(bytes).toBe(fromText)
  return instantiate(module)['run']?.(...args)
}

describe('functions that run', () => {
  test('a loop sums', () => {
    const sum = (fn: FunctionBuilder): void => {
      const [i, total] = [fn.local('i32', 'i'), fn.local('i32', 'total')]
      fn.i32(0).set(total)
      fn.forLoop(i, fn.param(0), fn.param(1), 3, () => fn.get(total).get(i).emit('i32.add').set(total))
      fn.get(total)
    }
    expect(run(['i32', 'i32'], ['i32'], sum, 0, 10)).toBe(18)
    expect(run(['i32', 'i32'], ['i32'], sum, 5, 5)).toBe(0)
  })

  test('the label of forLoop leaves it, and the counter keeps its value', () => {
    expect(run([], ['i32'], (fn) => {
      const i = fn.local('i32')
      fn.forLoop(i, 0, 100, 1, (done) => fn.get(i).i32(7).emit('i32.eq').brIf(done)).get(i)
    })).toBe(7)
  })

  test('if with results, select and return', () => {
    const sign = (fn: FunctionBuilder): void => {
      const x = fn.param(0)
      fn.get(x).i32(0).emit('i32.eq').if(() => fn.i32(0).return())
      fn.get(x).i32(0).emit('i32.lt_s').if(() => fn.i32(-1), () => fn.i32(5).i32(1).i32(0).select(), ['i32'])
    }
    expect([-9, 0, 9].map((x) => run(['i32'], ['i32'], sign, x))).toEqual([-1, 0, 1])
  })

  test('constants of loops are set before them where that is asked for, each once; what one instruction makes stays', () => {
    const sum = (hoist: boolean): { wat: string; value: unknown } => {
      const module = new ModuleBuilder({ check: checkStack, hoist })
      const fn = module.function('run', ['i32'], ['f32'])
      const total = fn.local('v128', 'total')
      fn.f32x4(0.25).set(total)
      fn.loop((head) => {
        fn.get(total).f32x4(0.25).f32x4(1.5).emit('f32x4.mul').i32x4(0).emit('v128.or').emit('f32x4.add').f32x4(1.5).emit('f32x4.add').set(total)
        fn.get(fn.param(0)).i32(1).emit('i32.sub').tee(fn.param(0)).brIf(head)
      })
      fn.get(total).f32x4(0.25).emit('f32x4.add').lane('f32x4.extract_lane', 3)
      module.export('run', fn)
      const { bytes, fromText } = bothForms(module)
      expect(bytes).toBe(fromText)
      return { wat: printWat(module), value: instantiate(module)['run']?.(7) }
    }
    const [plain, hoisted] = [sum(false), sum(true)]
    expect(hoisted.value).toBe(plain.value)
    const inLoop = (wat: string): string => wat.slice(wat.indexOf('loop'), wat.indexOf('end'))
    expect(inLoop(plain.wat).match(/v128.const/g)).toHaveLength(4)
    expect(inLoop(hoisted.wat).match(/v128.const.*/g)).toEqual(['v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000'])
    // 0.25 and 1.5 before the loop, 0.25 twice where it stood outside of it
    expect(hoisted.wat.match(/v128.const/g)).toHaveLength(5)
  })

  test('a branch table', () => {
    const pick = (fn: FunctionBuilder): void => {
      fn.block((other) => {
        fn.block((second) => {
          fn.block((first) => fn.get(fn.param(0)).brTable([first, second], other))
          fn.i32(10).return()
        })
        fn.i32(20).return()
      })
      fn.i32(30)
    }
    expect([0, 1, 2, -1].map((x) => run(['i32'], ['i32'], pick, x))).toEqual([10, 20, 30, 30])
  })

  test('memory, imports and results in pairs', () => {
    const module = new ModuleBuilder({ check: checkStack })
    module.importMemory('env', 'memory', { min: 1, max: 4, shared: true })
    const seen: number[] = []
    const log = module.importFunction('env', 'log', ['i32'], [])
    const swap = module.function('swap two', ['i32', 'i32'], ['i32', 'i32'])
    swap.get(swap.param(1)).get(swap.param(0))
    const twice = module.function('twice', ['i32'], ['i32'])
    twice.get(twice.param(0)).i32(2).emit('i32.mul')
    const main = module.function('main', [], ['i32'])
    main.i32(42).call(log)
    main.i32(1).i32(2).call(swap).drop().call(log)
    main.block(() => main.i32(3).i32(4), ['i32', 'i32']).drop().call(log)
    main.i32(8).i32(1).mem('i32.store').i32(16).i32(8).i32(4).bulk('memory.copy').i32(20).i32(7).i32(4).bulk('memory.fill')
    main.i32(16).mem('i32.load8_u').call(log).i32(0).mem('i32.load', 20, 1).call(log)
    main.i32(16).i32(5).mem('i32.atomic.rmw.add').drop().bulk('atomic.fence').i32(16).mem('i32.atomic.load')
    main.call(twice)
    module.export('main', main)
    const { bytes, fromText } = bothForms(module)
    expect(bytes).toBe(fromText)
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true })
    expect(instantiate(module, { env: { memory, log: (x: number) => void seen.push(x) } })['main']?.()).toBe(12)
    expect(seen).toEqual([42, 2, 3, 1, 0x07070707])
  })

  test('lanes and shuffles', () => {
    expect(run([], ['f32'], (fn) => {
      fn.f32x4(1.5).f32(4).lane('f32x4.replace_lane', 2).f32x4(0).shuffle32(2, 2, 4, 0).lane('f32x4.extract_lane', 0)
    })).toBe(4)
  })
})

describe('constants keep their bits', () => {
  const single = (value: number): unknown => run([], ['f32'], (fn) => fn.f32(value))
  const double = (value: number): unknown => run([], ['f64'], (fn) => fn.f64(value))
  test.each([0, -0, 1e-45, 3.4028234663852886e38, 0.1, -1e-7, Infinity, -Infinity, NaN])('%s', (value) => {
    expect(single(value)).toBe(Math.fround(value))
    expect(double(value)).toBe(value)
  })
  test.each([0, 63, 64, -64, -65, 127, 128, 8191, 8192, -8192, -8193, 2147483647, -2147483648])('%s', (value) => {
    expect(run([], ['i32'], (fn) => fn.i32(value))).toBe(value)
    expect(run([], ['i64'], (fn) => fn.i64(BigInt(value) * 4294967296n))).toBe(BigInt(value) * 4294967296n)
  })
})

describe('misuse is an error at the line that commits it', () => {
  const faulty = (results: readonly ValueType[], body: (fn: FunctionBuilder) => void): (() => void) => () => {
    const module = new ModuleBuilder({ check: checkStack })
    body(module.function('faulty', ['i32', 'f32'], results))
    module.toBytes()
  }
  test.each<[string, () => void]>([
    ['wrong operand', faulty([], (fn) => fn.i32(1).f32(1).emit('i32.add'))],
    ['empty stack', faulty([], (fn) => fn.emit('i32.eqz'))],
    ['missing result', faulty(['i32'], () => undefined)],
    ['value left over', faulty([], (fn) => fn.i32(1))],
    ['wrong type for a local', faulty([], (fn) => fn.i32(1).set(fn.param(1)))],
    ['unlike branches', faulty([], (fn) => fn.i32(1).if(() => fn.i32(1), () => fn.f32(1), ['i32']).drop())],
    ['if without its other branch', faulty([], (fn) => fn.i32(1).if(() => fn.i32(1), null, ['i32']).drop())],
    ['select between types', faulty([], (fn) => fn.i32(1).f32(1).i32(0).select().drop())],
    ['no such parameter', faulty([], (fn) => fn.get(fn.param(2)))],
    ['no such lane', faulty([], (fn) => fn.f32x4(1).lane('f32x4.extract_lane', 4).drop())],
    ['a shuffle of too few lanes', faulty([], (fn) => fn.f32x4(1).f32x4(1).shuffle([1, 2]).drop())],
    ['freed twice', faulty([], (fn) => {
      const local = fn.local('i32')
      fn.free(local).free(local)
    })],
    ['relaxed SIMD that was not asked for', faulty([], (fn) => fn.f32x4(1).f32x4(1).f32x4(1).emit('f32x4.relaxed_madd').drop())],
    ['a branch out of its block', faulty([], (fn) => {
      let outside: Parameters<FunctionBuilder['br']>[0] | null = null
      fn.block((label) => (outside = label))
      if (outside) fn.br(outside)
    })],
  ])('%s', (_, commit) => expect(commit).toThrow(AssemblyError))

  test('two functions of one name, a foreign function, a shared memory without a limit', () => {
    const module = new ModuleBuilder({ check: checkStack })
    const first = module.function('f')
    expect(() => module.function('f')).toThrow(AssemblyError)
    const other = new ModuleBuilder({ check: checkStack })
    other.function('g').call(first)
    expect(() => other.toBytes()).toThrow(AssemblyError)
    expect(() => module.importMemory('env', 'memory', { min: 1, shared: true })).toThrow(AssemblyError)
  })

  test('without checks the same code is emitted', () => {
    const bytes = (check: boolean): Uint8Array => {
      const module = new ModuleBuilder(check ? { check: checkStack } : {})
      const fn = module.function('f', ['i32'], ['i32'])
      fn.block((done) => fn.get(fn.param(0)).brIf(done)).get(fn.param(0))
      return module.toBytes()
    }
    expect(bytes(false)).toEqual(bytes(true))
  })
})

test('locals are reused once freed, and a scope frees its own', () => {
  const module = new ModuleBuilder({ check: checkStack })
  const fn = module.function('f')
  const first = fn.local('v128')
  fn.free(first)
  expect(fn.local('v128')).toBe(first)
  expect(fn.local('i32')).not.toBe(first)
  let inner = first
  fn.scope(() => (inner = fn.local('f64')))
  expect(fn.local('f64')).toBe(inner)
})
