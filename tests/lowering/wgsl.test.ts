/** The kernel IR as WGSL: parsed and reflected by wgsl_reflect, and small shaders run by its interpreter. No device is needed. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WgslExec, WgslParser, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js'
import { evalAvals } from '../../src/core/abstract-eval/index.ts'
import { aval } from '../../src/core/aval.ts'
import { decodeNumbers } from '../../src/core/bytes.ts'
import { type DType, isInexact } from '../../src/core/dtype.ts'
import { DeviceError } from '../../src/core/errors.ts'
import { eqn, type Jaxpr, Var } from '../../src/core/jaxpr.ts'
import type { Primitive } from '../../src/core/primitives/index.ts'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { grad, lax, lower, makeJaxpr, nn, np } from '../../src/index.ts'
import { lowerToProgram } from '../../src/lowering/index.ts'
import { baseLimits, type Command, emitShaders, type ShaderProgram } from '../../src/lowering/wgsl/index.ts'
import '../families.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { sized } from '../scale.ts'
import { type Case, cases } from '../transforms/primitive-cases.ts'
import { someBytes } from './agree.ts'

const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)

const shadersOf = (jaxpr: Jaxpr, subgroups = false): ShaderProgram => emitShaders(lowerToProgram(jaxpr).program, { limits: { ...baseLimits, subgroups } })

/** Every shader is well formed, and every dispatch binds what its shader says. */
function expectValid({ shaders, commands, places }: ShaderProgram): void {
  for (const { code, access, counters, workgroupSize } of shaders) {
    const { entry, storage, uniforms } = new WgslReflect(code)
    expect(entry.compute.map((f) => f.name), code).toEqual(['main'])
    expect(new Set(storage.map((b) => b.binding))).toEqual(new Set(access.map((_, i) => i)))
    expect(uniforms.length).toBe(counters)
    expect(access.length).toBeLessThanOrEqual(baseLimits.storageBuffers)
    expect(workgroupSize).toBeLessThanOrEqual(256)
    expect(code).toContain(`@workgroup_size(${workgroupSize})`)
  }
  for (const c of dispatchesOf(commands)) {
    const { access, counters } = shaders[c.shader]!
    expect([c.bindings.length, c.counters.length]).toEqual([access.length, counters])
    for (const n of c.workgroups) expect(n).toBeLessThanOrEqual(65535)
    c.bindings.forEach(({ place, offset, bytes }, i) => {
      expect(offset % 256).toBe(0)
      expect(offset + bytes).toBeLessThanOrEqual(places[place]!.bytes)
      expect(bytes).toBeLessThanOrEqual(baseLimits.bindingBytes)
      const same = c.bindings.filter((b, j) => b.place === place && j !== i)
      for (const b of same) expect(b.offset + b.bytes <= offset || offset + bytes <= b.offset).toBe(true)
    })
  }
}

const dispatchesOf = (commands: readonly Command[]): Extract<Command, { kind: 'dispatch' }>[] =>
  commands.flatMap((c) => (c.kind === 'dispatch' ? [c] : c.kind === 'loop' ? c.phases.flatMap(dispatchesOf) : []))

const holdsPrograms: ReadonlySet<Primitive> = new Set<Primitive>(['jit', 'scan'])
const all = (Object.keys(cases) as Primitive[]).filter((p) => !holdsPrograms.has(p)).flatMap((p) => cases[p].map((c, i): [string, Primitive, Case<Primitive>] => [`${p} ${i}`, p, c as Case<Primitive>]))

/** A program of one equation, in float32. */
function single(primitive: Primitive, c: Case<Primitive>): Jaxpr {
  const params = primitive === 'bitcastConvertType' ? { newDtype: 'int32' } : primitive === 'convertElementType' ? { newDtype: 'int32', weakType: false } : c.params
  const inputs = c.inputs.map((i) => new Var(aval(i.shape, i.dtype !== undefined && !isInexact(i.dtype) ? i.dtype : 'float32')))
  const outputs = evalAvals(primitive, inputs.map((v) => v.aval), params).map((a) => new Var(a))
  return { constVars: [], inputs, equations: [eqn(primitive, params as never, inputs, outputs)], outputs }
}

describe('every shader is well formed', () => {
  test.each(all)('%s', (_, primitive, c) => {
    for (const subgroups of [false, true]) expectValid(shadersOf(single(primitive, c), subgroups))
  })
  test('of generated programs, in every dtype of 32 bits and less', () => {
    const dtypes: readonly DType[] = ['float32', 'int32', 'bool', 'uint8', 'float16', 'bfloat16', 'int8', 'uint32']
    fc.assert(
      fc.property(fc.subarray([...dtypes], { minLength: 1 }).chain((some) => arbitraryJaxpr({ dtypes: some })), fc.boolean(), (jaxpr, subgroups) => expectValid(shadersOf(jaxpr, subgroups))),
      { numRuns: sized(60, 2000) },
    )
  })
  test('of row kernels, products with epilogues, convolutions and their gradients', () => {
    const conv = (k: np.NDArray, x: np.NDArray): np.NDArray => nn.relu(lax.convGeneralDilated(x, k, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] }))
    for (const jaxpr of [
      makeJaxpr((x: np.NDArray) => nn.softmax(x))(zeros(10, 1000)).jaxpr,
      makeJaxpr((x: np.NDArray) => [np.argmax(x, 1), np.max(x, 0)])(zeros(10, 1000)).jaxpr,
      makeJaxpr((x: np.NDArray, w: np.NDArray, b: np.NDArray) => np.tanh(x.matmul(w).add(b)))(zeros(100, 70), zeros(70, 130), zeros(130)).jaxpr,
      makeJaxpr(grad((k: np.NDArray, x: np.NDArray) => np.sum(conv(k, x)), { argnums: [0, 1] }))(zeros(3, 3, 3, 8), zeros(2, 9, 11, 3)).jaxpr,
    ]) {
      const program = shadersOf(jaxpr)
      expect(program.shaders.length).toBeGreaterThan(0)
      expectValid(program)
    }
  })
  test('of what windows select: in order, by one invocation, however long they are; NaN told by its bits', () => {
    const selecting = (x: np.NDArray): np.NDArray => lax.reduceWindow(x, -Infinity, lax.max, [1, 300], [1, 300], 'VALID')
    const program = shadersOf(makeJaxpr(grad((x: np.NDArray) => np.sum(selecting(x))))(zeros(2, 600)).jaxpr)
    expectValid(program)
    expect(program.shaders[0]!.code).not.toContain('workgroupBarrier')
    expect(program.shaders[0]!.code).toContain('if ((r0_0 < 0i) | (is_nan(r0_0_value) | is_nan(s0_0) | (s0_0 > r0_0_value))) { r0_0_value = s0_0; r0_0 = s0_1; }')
  })
})

/** What wgsl_reflect's interpreter makes of a program without loops. */
function run(jaxpr: Jaxpr): readonly Float32Array[] {
  const { program } = lowerToProgram(jaxpr)
  const { places, shaders, commands, outputs } = emitShaders(program)
  const memory = places.map((p) => (p.kind === 'input' ? someBytes(program.buffers[program.inputs[p.position]!]!.aval, p.position).slice() : new Uint8Array(p.bytes)))
  for (const c of dispatchesOf(commands)) {
    const group = Object.fromEntries(c.bindings.map(({ place }, i) => [i, memory[place]!]))
    new WgslExec(new WgslParser().parse(shaders[c.shader]!.code)).dispatchWorkgroups('main', [...c.workgroups], { 0: group })
  }
  return outputs.map((place) => new Float32Array(memory[place]!.slice().buffer))
}

describe('run by an interpreter, shaders give what cpu gives', () => {
  const programs: readonly [string, Jaxpr][] = [
    ['a fused chain', makeJaxpr((x: np.NDArray, y: np.NDArray) => np.tanh(np.exp(x).mul(y)).add(np.sin(x)))(zeros(3, 5), zeros(5)).jaxpr],
    ['short rows', makeJaxpr((x: np.NDArray) => nn.softmax(x))(zeros(4, 7)).jaxpr],
    ['transposes and reversed slices are index maps', makeJaxpr((x: np.NDArray) => x.T.slice([null, null, -1]).add(1))(zeros(3, 4)).jaxpr],
    ['a running sum', makeJaxpr((x: np.NDArray) => np.cumsum(x, 1))(zeros(3, 6)).jaxpr],
    ['a product', makeJaxpr((x: np.NDArray, w: np.NDArray, b: np.NDArray) => x.matmul(w).add(b))(zeros(3, 5), zeros(5, 4), zeros(4)).jaxpr],
  ]
  test.each(programs)('%s', (_, jaxpr) => {
    const got = run(jaxpr)
    const want = interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: someBytes(v.aval, i) })))
    for (const [i, w] of want.entries()) {
      const numbers = decodeNumbers(w.bytes, w.aval.dtype)
      expect(numbers.some((x) => x !== 0)).toBe(true)
      for (let k = 0; k < numbers.length; k++) expect(Math.abs(got[i]![k]! - numbers[k]!), `element ${k}`).toBeLessThanOrEqual(2e-6 * (1 + Math.abs(numbers[k]!)))
    }
  })
})

test('lower(f)(x).text gives the shaders of a program', () => {
  const text = lower((x: np.NDArray) => np.exp(x).add(1))(zeros(8)).text('wgsl')
  expect(text).toContain('// 0 loop exp: 1 x 1 x 1 workgroups of 64 on input 0, *output 0')
  expect(text).toContain('fn exp_f(x: f32) -> f32')
})

test('float64 is a typed error that says what to do', () => {
  const jaxpr = makeJaxpr((x: np.NDArray) => np.exp(x))(np.zeros([3], { dtype: 'float64' })).jaxpr
  expect(() => shadersOf(jaxpr)).toThrow(DeviceError)
  expect(() => shadersOf(jaxpr)).toThrow(/float64.*devicePut/)
  expect(() => lower((x: np.NDArray) => np.exp(x))(np.zeros([3], { dtype: 'float64' })).text('wgsl')).toThrow(/^lower: 'webgpu' has no float64/)
})
