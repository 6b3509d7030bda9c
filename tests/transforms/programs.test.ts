/** The programs that transformations make: type-checked for every primitive and dtype, and shown for some. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { NDArray } from '../../src/core/array.ts'
import { aval, type Aval } from '../../src/core/aval.ts'
import { checkJaxpr } from '../../src/core/check.ts'
import { defaultDevice } from '../../src/core/devices.ts'
import { type DType, isInexact } from '../../src/core/dtype.ts'
import { max, sin, tanh } from '../../src/core/ops/index.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import type { Primitive } from '../../src/core/primitives/index.ts'
import { bind, type Value } from '../../src/core/trace.ts'
import { grad, hessian, jit, jvp, linearTranspose, makeJaxpr, valueAndGrad, vmap } from '../../src/transforms/index.ts'
import { jvpFlat } from '../../src/transforms/jvp/index.ts'
import { linearizeFlat } from '../../src/transforms/linearize/index.ts'
import { traceToJaxpr } from '../../src/transforms/staging/stage.ts'
import { backwardPass, Undefined } from '../../src/transforms/transpose/index.ts'
import { batchedAt, batchFlat } from '../../src/transforms/vmap/index.ts'
import { hasTangent, instantiate, type Tangent, Zero } from '../../src/transforms/zero.ts'
import { type Case, cases } from './primitive-cases.ts'
import { array, scalar } from './values.ts'

beforeAll(() => {
  defaultDevice('cpu')
})

type Flat = (inputs: readonly Value[]) => readonly Value[]

const forward = (f: Flat): Flat => (inputs) => {
  const tangents = inputs.map((x): Tangent => (hasTangent(x.aval) ? x : new Zero(x.aval)))
  const { outs, tangents: outTangents } = jvpFlat((xs) => ({ outs: f(xs), aux: [] }), inputs, tangents)
  return [...outs, ...outTangents.map(instantiate)]
}
const backward = (f: Flat): Flat => (inputs) => {
  const { outs, jaxpr, residuals, nonzeroOutputs } = linearizeFlat((xs) => ({ outs: f(xs), aux: [] }), inputs, 'test')
  const cts = outs.filter((_, i) => nonzeroOutputs[i])
  return [...outs, ...backwardPass(jaxpr, jaxpr.inputs.map((v) => new Undefined(v.aval)), cts, residuals).map(instantiate)]
}
const batched = (f: Flat): Flat => (inputs) => {
  const { outs, dims } = batchFlat(f, { size: 3, axisName: null }, inputs.map((x) => batchedAt(x, null, 3, 0)), inputs.map(() => 0))
  return outs.map((o, i) => batchedAt(o, dims[i]!, 3, 0))
}

const sameTypes = (jaxpr: Jaxpr, wanted: readonly Aval[]): void => {
  for (const [i, a] of wanted.entries()) expect(jaxpr.outputs[i]?.aval).toMatchObject({ shape: a.shape, dtype: a.dtype })
}

const holdsPrograms: ReadonlySet<Primitive> = new Set<Primitive>(['jit', 'scan'])
const all = (Object.keys(cases) as Primitive[]).flatMap((p) => cases[p].map((c, i): [string, Primitive, Case<Primitive>] => [`${p} ${i}`, p, c as Case<Primitive>]))

describe('well formed, in the dtypes of their inputs', () => {
  test.each(all.filter(([, , c]) => c.derivative === undefined))('%s', (_, primitive, c) => {
    const dtypes: readonly DType[] = holdsPrograms.has(primitive) ? ['float64'] : ['float64', 'float32', 'bfloat16']
    for (const dtype of dtypes) {
      for (const weakType of holdsPrograms.has(primitive) ? [false] : [false, true]) {
        const avals = c.inputs.map((i) => aval(i.shape, i.dtype !== undefined && !isInexact(i.dtype) ? i.dtype : dtype, weakType))
        const params = primitive === 'bitcastConvertType' ? { newDtype: dtype } : c.params
        const f: Flat = (xs) => bind(primitive, xs, params)
        const plain = checkJaxpr(traceToJaxpr(f, avals, 'test').jaxpr)
        const outs = plain.outputs.map((o) => o.aval)
        sameTypes(checkJaxpr(traceToJaxpr(forward(f), avals, 'test').jaxpr), [...outs, ...outs])
        sameTypes(checkJaxpr(traceToJaxpr(backward(f), avals, 'test').jaxpr), [...outs, ...avals.filter(hasTangent)])
        checkJaxpr(traceToJaxpr(forward(forward(f)), avals, 'test').jaxpr)
        checkJaxpr(traceToJaxpr(backward(forward(f)), avals, 'test').jaxpr)
        if (avals.length > 0) sameTypes(checkJaxpr(traceToJaxpr(batched(f), avals, 'test').jaxpr), outs.map((o) => ({ ...o, shape: [3, ...o.shape] })))
        if (avals.length > 0) checkJaxpr(traceToJaxpr(batched(backward(f)), avals, 'test').jaxpr)
      }
    }
  })
})

const x = array([1, 2, 3], [3], 'float32')
const s = scalar(2, 'float32')
const text = <A extends NDArray[]>(f: (...args: A) => unknown, ...args: A): string => String(makeJaxpr(f)(...args))

describe('what transformations make', () => {
  test('forward mode', () => {
    expect(text((v: NDArray) => jvp((u: NDArray) => sin(u).mul(2), [v], [v]), x)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3]. let
          b:f32[3] = sin a
          c:f32[3] = cos a
          d:f32[3] = mul a c
          e:f32[3] = mul b 2.0:~f32[]
          f:f32[3] = mul d 2.0:~f32[]
        in (e, f) }"
    `)
  })
  test('reverse mode: the factor is computed forwards, the cotangent goes through what is linear', () => {
    expect(text(grad((v: NDArray) => tanh(v).sum()), x)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3]. let
          b:f32[3] = tanh a
          c:f32[3] = sub 1.0:~f32[] b
          d:f32[3] = add 1.0:~f32[] b
          e:f32[3] = mul c d
          _:f32[] = reduceSum[axes=(0,)] b
          f:f32[3] = broadcastInDim[broadcastDimensions=() shape=(3,)] 1.0:f32[]
          g:f32[3] = mul f e
        in (g,) }"
    `)
  })
  test('a scalar beside an array gets the sum of cotangents', () => {
    expect(text(grad((c: NDArray, v: NDArray) => v.mul(c).sum()), s, x)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[] b:f32[3]. let
          c:f32[3] = mul b a
          _:f32[] = reduceSum[axes=(0,)] c
          d:f32[3] = broadcastInDim[broadcastDimensions=() shape=(3,)] 1.0:f32[]
          e:f32[3] = mul b d
          f:f32[] = reduceSum[axes=(0,)] e
        in (f,) }"
    `)
  })
  test('cotangents of zero are nowhere', () => {
    expect(text(grad((v: NDArray, w: NDArray) => v.sum().add(max(w.astype('int32'), 1).sum()), { argnums: [0, 1] }), x, x)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3] b:f32[3]. let
          c:f32[] = reduceSum[axes=(0,)] a
          d:i32[3] = convertElementType[newDtype=int32 weakType=False] b
          e:i32[3] = max d 1:~i32[]
          f:i32[] = reduceSum[axes=(0,)] e
          g:f32[] = convertElementType[newDtype=float32 weakType=False] f
          _:f32[] = add c g
          h:f32[3] = broadcastInDim[broadcastDimensions=() shape=(3,)] 1.0:f32[]
          i:f32[3] = broadcastInDim[broadcastDimensions=() shape=(3,)] 0.0:f32[]
        in (h, i) }"
    `)
  })
  test('a batch of products is a product of batches', () => {
    expect(text(vmap((m: NDArray, v: NDArray) => m.matmul(v), [0, null]), array([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]), array([1, 2]))).toMatchInlineSnapshot(`
      "{ lambda ; a:f64[2,2,2] b:f64[2]. let
          c:f64[2,2] = dotGeneral[dimensionNumbers={batch=((), ()) contracting=((2,), (0,))} preferredElementType=None] a b
        in (c,) }"
    `)
  })
  test('a scalar for each element of a batch stands beside arrays as an array', () => {
    expect(text(vmap((c: NDArray, v: NDArray) => v.mul(c).add(1), [0, null]), x, array([1, 2], [2], 'float32'))).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3] b:f32[2]. let
          c:f32[3,2] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 2)] b
          d:f32[3,2] = broadcastInDim[broadcastDimensions=(0,) shape=(3, 2)] a
          e:f32[3,2] = mul c d
          f:f32[3,2] = add e 1.0:~f32[]
        in (f,) }"
    `)
  })
  test('the gradient of jit: two programs, the residuals between them', () => {
    const f = jit(function loss(v: NDArray) {
      return tanh(v).mul(v).sum()
    })
    expect(text(valueAndGrad(f), x)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3]. let
          b:f32[] c:f32[3] = jit[
            device=None
            jaxpr={ lambda ; d:f32[3]. let
                e:f32[3] = tanh d
                f:f32[3] = mul e d
                g:f32[] = reduceSum[axes=(0,)] f
              in (g, e) }
            name=loss
          ] a
          h:f32[3] = jit[
            device=None
            jaxpr={ lambda ; i:f32[3] j:f32[3] k:f32[]. let
                l:f32[3] = sub 1.0:~f32[] j
                m:f32[3] = add 1.0:~f32[] j
                n:f32[3] = mul l m
                o:f32[3] = broadcastInDim[broadcastDimensions=() shape=(3,)] k
                p:f32[3] = mul j o
                q:f32[3] = mul o i
                r:f32[3] = mul q n
                s:f32[3] = add p r
              in (s,) }
            name=loss
          ] a c 1.0:f32[]
        in (b, h) }"
    `)
  })
  test('a Hessian', () => {
    expect(text(hessian((v: NDArray) => v.mul(v).mul(v).sum()), x)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3]. let
          b:i32[3,3] = iota[dimension=1 dtype=int32 shape=(3, 3)]
          c:i32[3,3] = iota[dimension=0 dtype=int32 shape=(3, 3)]
          d:bool[3,3] = eq c b
          e:f32[3,3] = convertElementType[newDtype=float32 weakType=False] d
          f:f32[3] = mul a a
          g:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] a
          h:f32[3,3] = mul e g
          i:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] a
          j:f32[3,3] = mul i e
          k:f32[3,3] = add h j
          l:f32[3] = mul f a
          m:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] a
          n:f32[3,3] = mul k m
          o:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] f
          p:f32[3,3] = mul o e
          q:f32[3,3] = add n p
          _:f32[] = reduceSum[axes=(0,)] l
          _:f32[3] = reduceSum[axes=(1,)] q
          r:f32[3] = broadcastInDim[broadcastDimensions=() shape=(3,)] 1.0:f32[]
          s:f32[3] = mul f r
          t:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] r
          u:f32[3,3] = mul k t
          v:f32[3] = mul r a
          w:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] r
          x:f32[3,3] = mul w e
          y:f32[3] = mul a v
          z:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] v
          ba:f32[3,3] = mul e z
          bb:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] a
          bc:f32[3,3] = mul bb x
          bd:f32[3,3] = add ba bc
          be:f32[3] = add s y
          bf:f32[3,3] = add u bd
          bg:f32[3] = mul v a
          bh:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] a
          bi:f32[3,3] = mul x bh
          bj:f32[3,3] = broadcastInDim[broadcastDimensions=(1,) shape=(3, 3)] v
          bk:f32[3,3] = mul bj e
          bl:f32[3,3] = add bi bk
          _:f32[3] = add be bg
          bm:f32[3,3] = add bf bl
          bn:f32[3,3] = transpose[permutation=(1, 0)] bm
        in (bn,) }"
    `)
  })
  test('a transpose', () => {
    expect(text((ct: NDArray) => linearTranspose((v: NDArray) => v.slice([0, 2]).mul(3), [x])(ct), array([1, 2], [2], 'float32'))).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[2]. let
          b:f32[2] = mul a 3.0:~f32[]
          c:f32[3] = pad[paddingConfig=((0, 1, 0),)] b 0.0:~f32[]
        in (c,) }"
    `)
  })
})
