import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CpuBackend } from '../../../src/backends/cpu/index.ts'
import { parseJaxpr } from '../../../src/core/parse.ts'
import { bytesOf } from '../../../src/core/aval.ts'
import { arbitraryJaxpr } from '../../core/arbitrary-jaxpr.ts'
import { numRuns } from '../../scale.ts'
import { applyAll, array, f32, i32, run } from './apply.ts'

describe('programs', () => {
  test('scan carries forwards and stacks slices', () => {
    const sums = parseJaxpr(`{ lambda ; a:f32[] b:f32[] c:f32[3]. let
        d:f32[] e:f32[3] = scan[
          jaxpr={ lambda ; k:f32[] s:f32[] x:f32[]. let t:f32[] = mul k s; u:f32[] = add t x in (u, u) }
          length=3 numCarry=1 numConsts=1 reverse=False
        ] a b c
      in (d, e) }`)
    expect(run(sums, [f32([10], []), f32([1], []), f32([1, 2, 3])]).map((r) => r.values)).toEqual([[1123], [11, 112, 1123]])
  })
  test('scan in reverse puts each y beside its x', () => {
    const program = parseJaxpr(`{ lambda ; b:i32[] c:i32[3,2]. let
        d:i32[] e:i32[3,2] = scan[
          jaxpr={ lambda ; s:i32[] x:i32[2]. let t:i32[] = reduceSum[axes=(0,)] x; u:i32[] = add s t; y:i32[2] = add x s in (u, y) }
          length=3 numCarry=1 numConsts=0 reverse=True
        ] b c
      in (d, e) }`)
    expect(run(program, [i32([0], []), i32([1, 2, 3, 4, 5, 6], [3, 2])]).map((r) => r.values)).toEqual([[21], [19, 20, 14, 15, 5, 6]])
  })
  test('scan of no steps gives back the carry', () => {
    const program = parseJaxpr(`{ lambda ; b:f32[] c:f32[0]. let
        d:f32[] e:f32[0] = scan[jaxpr={ lambda ; s:f32[] x:f32[]. let in (s, x) } length=0 numCarry=1 numConsts=0 reverse=False] b c
      in (d, e) }`)
    expect(run(program, [f32([7], []), f32([])]).map((r) => r.values)).toEqual([[7], []])
  })
  test('slices of narrow elements may be read as wider ones', () => {
    const program = parseJaxpr(`{ lambda ; c:i8[3,4]. let
        e:i32[3] = scan[jaxpr={ lambda ; x:i8[4]. let y:i32[] = bitcastConvertType[newDtype=int32] x in (y,) } length=3 numCarry=0 numConsts=0 reverse=False] c
      in (e,) }`)
    expect(run(program, [array('int8', [1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0], [3, 4])])[0]!.values).toEqual([1, 2, 256])
  })
  test('jit calls its program; literals have the type they say', () => {
    const program = parseJaxpr(`{ lambda ; a:i32[2]. let
        b:i32[2] = jit[device=None jaxpr={ lambda ; x:i32[2]. let y:i32[2] = mul x 3:i32[] in (y,) } name=triple] a
      in (b, 0.5:f32[], a) }`)
    expect(run(program, [i32([1, 2])]).map((r) => r.values)).toEqual([[3, 6], [0.5], [1, 2]])
  })
})

describe('storage', () => {
  const identity = parseJaxpr('{ lambda ; a:f32[2]. let in (a, a) }')
  test('outputs have bytes of their own', () => {
    const cpu = new CpuBackend()
    const x = cpu.put(new Uint8Array(new Float32Array([1, 2]).buffer))
    const [y, z] = cpu.compile(identity).call([x])
    x.release()
    y!.release()
    expect([...new Float32Array(z!.read().buffer)]).toEqual([1, 2])
    expect(() => x.read()).toThrow('after its release')
  })
  test('memory counts what is alive', () => {
    const cpu = new CpuBackend()
    expect(cpu.memory()).toEqual({ arrays: 0, bytes: 0, peakBytes: 0 })
    const x = cpu.put(new Uint8Array(8))
    const outputs = cpu.compile(identity).call([x], [true])
    expect(cpu.memory()).toEqual({ arrays: 2, bytes: 16, peakBytes: 24 })
    for (const o of outputs) o.release()
    expect(cpu.memory()).toEqual({ arrays: 0, bytes: 0, peakBytes: 24 })
  })
  test('shared storage is not released', () => {
    const cpu = new CpuBackend()
    const x = cpu.put(new Uint8Array(4))
    x.markShared()
    x.release()
    expect(x.read()).toEqual(new Uint8Array(4))
  })
})

describe('threefry2x32', () => {
  interface Block {
    readonly key: readonly [string, string]
    readonly counter: readonly [string, string]
    readonly out: readonly [string, string]
  }
  const { block } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'truth', 'threefry.json'), 'utf8')) as { readonly block: readonly Block[] }
  test.each(block)('gives the known answer of Random123 for key $key', ({ key, counter, out }) => {
    const words = [...key, ...counter].map((w) => array('uint32', [Number.parseInt(w, 16)], []))
    const got = applyAll('threefry2x32', {}, ...words).map((r) => r.values[0]!.toString(16).padStart(8, '0'))
    expect(got).toEqual(out)
  })
  test('a scalar key goes with an array of counters', () => {
    const [a, b] = applyAll('threefry2x32', {}, array('uint32', [0], []), array('uint32', [0], []), array('uint32', [0, 0]), array('uint32', [0, 1]))
    expect([a!.values[0], b!.values[0]]).toEqual([0x6b200159, 0x99ba4efe])
    expect(a!.values[1]).not.toBe(a!.values[0])
  })
})

test('random programs give results of their types', () => {
  const cpu = new CpuBackend()
  fc.assert(
    fc.property(arbitraryJaxpr(), (program) => {
      const outputs = cpu.compile(program).call(program.inputs.map((v) => cpu.put(new Uint8Array(bytesOf(v.aval)).fill(1))))
      expect(outputs.map((s) => s.byteLength)).toEqual(program.outputs.map((o) => bytesOf(o.aval)))
    }),
    { numRuns },
  )
})
