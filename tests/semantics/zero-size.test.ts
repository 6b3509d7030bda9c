/** Arrays without elements are arrays: every function and transformation takes them, or refuses by name as NumPy does. */
import { ArgumentError, type DType, grad, hessian, InternalError, jacfwd, jacrev, jit, jvp, lax, linearize, linearTranspose, lower, makeJaxpr, type NDArray, np, nn, PullbackError, random, ShapeError, tree, vjp, vmap } from 'pullback'
import { batches, idx, safetensors } from 'pullback/data'
import { describe, expect, test } from 'vitest'
import { on, type Way, ways } from '../oracle/load.ts'
import { agreesWithJax, functionsOf } from './expressions.ts'
import { sized } from '../scale.ts'
import { type AnyFunction, arraysOf, described, functions } from './functions.ts'

agreesWithJax('reductions of nothing give their identities', 'zero_size', 'identities')
agreesWithJax('products over an empty axis are zeros', 'zero_size', 'products')
agreesWithJax('windows and convolutions of empty batches', 'zero_size', 'windows')
agreesWithJax('shapes with zeros are moved like any other', 'zero_size', 'shapes')
agreesWithJax('indexing, sorting and searching nothing', 'zero_size', 'indexing')
agreesWithJax('elementwise functions of nothing', 'zero_size', 'elementwise')
agreesWithJax('contractions with an empty axis', 'zero_size', 'contractions')
agreesWithJax('reductions and statistics of nothing, each way to ask for them', 'zero_size', 'reductions')
agreesWithJax('polynomials and signals without elements', 'zero_size', 'signals')
agreesWithJax('axes of size 0 are moved, split and joined', 'zero_size', 'moved')
agreesWithJax('gathers, scatters, choices and sets of nothing', 'zero_size', 'found')

const empty = (): NDArray => np.zeros([0, 3])

describe('what has no value is refused', () => {
  test.each<[string, () => unknown]>([
    ['max of nothing', () => np.max(np.zeros([0]))],
    ['min along an empty axis', () => np.min(empty(), 0)],
    ['argmax of nothing', () => np.argmax(np.zeros([0]))],
    ['argmin along an empty axis', () => np.argmin(empty(), 0)],
    ['lax.argmax along an empty axis', () => lax.argmax(empty(), 0)],
    ['an index into an empty axis', () => empty().slice(0)],
    ['take from an empty axis', () => np.take(np.zeros([0]), np.array([0], { dtype: 'int32' }))],
    ['more of the greatest than there are', () => lax.topK(np.zeros([0]), 1)],
    ['dynamicSlice larger than the array', () => lax.dynamicSlice(np.zeros([0]), [0], [1])],
    ['reshape of nothing into something', () => np.reshape(np.zeros([0]), [1])],
    ['reshape whose -1 could be anything', () => np.reshape(np.zeros([0, 3]), [0, -1])],
    ['the one value of no values', () => np.zeros([0]).item()],
    ['nothing concatenated', () => np.concatenate([])],
  ])('%s', (_name, call) => expect(call).toThrow(PullbackError))
  test('the same under jit', () => {
    expect(() => jit((x: NDArray) => np.max(x, 0))(empty())).toThrow(ShapeError)
    expect(() => jit((x: NDArray) => np.argmax(x))(empty())).toThrow(ShapeError)
  })
  test('vmap over no arguments has no axis to take a size from', () => expect(() => vmap(() => np.ones([]))()).toThrow(ArgumentError))
})

for (const way of ways) {
  const run = <A extends NDArray[], R>(f: (...a: A) => R): ((...a: A) => R) => (way.jitted ? (jit(f) as unknown as (...a: A) => R) : f)
  describe(`transformations of arrays without elements, ${way.name}`, () => {
    test('grad, jvp, vjp, linearize, linearTranspose', () => {
      on(way, () => {
        const f = (x: NDArray): NDArray => np.sum(np.sin(x).mul(x))
        expect(run(grad(f))(empty()).shape).toEqual([0, 3])
        expect(run(grad((x: NDArray) => grad(f)(x).sum()))(empty()).shape).toEqual([0, 3])
        expect(run((x: NDArray) => jvp(f, [x], [x])[1])(empty()).item()).toBe(0)
        expect(run((x: NDArray) => vjp(np.sin, [x])[1](x)[0])(empty()).shape).toEqual([0, 3])
        expect(run((x: NDArray) => linearize(np.sin, [x])[1](x))(empty()).shape).toEqual([0, 3])
        expect(run((x: NDArray) => linearTranspose((y: NDArray) => y.mul(2), [x])(x)[0])(empty()).shape).toEqual([0, 3])
        expect(run(grad((w: NDArray) => np.sum(np.matmul(w, np.zeros([3, 0])))))(np.ones([2, 3])).js()).toEqual([[0, 0, 0], [0, 0, 0]])
      })
    })

    test('Jacobians and Hessians', () => {
      on(way, () => {
        expect(run(jacfwd(np.sin))(np.zeros([0])).shape).toEqual([0, 0])
        expect(run(jacrev(np.sin))(np.zeros([0])).shape).toEqual([0, 0])
        expect(run(jacrev((x: NDArray) => x.slice([0, 0])))(np.ones([2])).shape).toEqual([0, 2])
        expect(run(jacfwd((x: NDArray) => x.slice([0, 0])))(np.ones([2])).shape).toEqual([0, 2])
        expect(run(hessian((x: NDArray) => np.sum(x.mul(x))))(np.zeros([0])).shape).toEqual([0, 0])
      })
    })

    test('vmap over an axis of size 0, with jit and grad inside', () => {
      on(way, () => {
        expect(run(vmap((x: NDArray) => np.sin(x)))(empty()).shape).toEqual([0, 3])
        expect(run(vmap((x: NDArray) => np.sum(x)))(empty()).shape).toEqual([0])
        expect(run(vmap(grad((x: NDArray) => np.sum(x.mul(x)))))(empty()).shape).toEqual([0, 3])
        expect(run(vmap((x: NDArray) => jit((y: NDArray) => np.matmul(y, np.ones([3, 2])))(x)))(empty()).shape).toEqual([0, 2])
        expect(run(vmap((x: NDArray) => np.sort(x)))(empty()).shape).toEqual([0, 3])
        expect(run(vmap((x: NDArray) => x.at(1).set(2)))(empty()).shape).toEqual([0, 3])
        expect(run(vmap((x: NDArray, i: NDArray) => x.slice(i)))(empty(), np.zeros([0], { dtype: 'int32' })).shape).toEqual([0])
        expect(run(vmap((x: NDArray) => np.max(x)))(np.zeros([4, 3, 0]).reshape([0, 4, 3])).shape).toEqual([0])
        expect(run((x: NDArray) => np.sum(vmap((y: NDArray) => lax.scan((c: NDArray, z: NDArray) => [c.add(z), c], np.zeros([]), y)[0])(x)))(empty()).item()).toBe(0)
      })
    })

    test('scan of length 0 gives its carry and no outputs, with derivatives', () => {
      on(way, () => {
        const f = (c: NDArray, xs: NDArray): [NDArray, NDArray] => lax.scan((a: NDArray, x: NDArray) => [a.add(x.sum()), np.sin(x)], c, xs)
        const [carry, ys] = run(f)(np.array(5), empty())
        expect([carry.item(), ys.shape]).toEqual([5, [0, 3]])
        const [gc, gx] = run(grad((c: NDArray, xs: NDArray) => f(c, xs)[0].mul(2).add(f(c, xs)[1].sum()), { argnums: [0, 1] }))(np.array(5), empty())
        expect([gc.item(), gx.shape]).toEqual([2, [0, 3]])
        expect(run((c: NDArray) => lax.scan((a: NDArray, _: null) => [a.mul(2), a], c, null, { length: 0 })[1])(np.array(1)).shape).toEqual([0])
        expect(run((c: NDArray) => lax.scan((a: NDArray, x: NDArray) => [a.add(x), a], c, np.zeros([4, 0]))[0])(np.zeros([0])).shape).toEqual([0])
        expect(run((c: NDArray) => lax.scan((a: NDArray, x: NDArray) => [a.add(x), a], c, np.zeros([4, 0]), { reverse: true })[1])(np.zeros([0])).shape).toEqual([4, 0])
      })
    })

    test('functions of rows and of places where there are none', () => {
      on(way, () => {
        expect(run((x: NDArray) => np.applyAlongAxis((row: NDArray) => np.sum(row), 1, x))(np.zeros([2, 0])).js()).toEqual([0, 0])
        expect(run((x: NDArray) => np.applyAlongAxis((row: NDArray) => np.sum(row), 1, x))(empty()).shape).toEqual([0])
        expect(run((x: NDArray) => np.piecewise(x, [x.greater(0)], [1, 2]))(np.zeros([0])).shape).toEqual([0])
        expect(run(() => np.fromfunction((i: NDArray, j: NDArray) => i.add(j), [0, 3]))().shape).toEqual([0, 3])
      })
    })

    test('draws of no numbers', () => {
      on(way, () => {
        const key = random.key(0)
        const draws: Readonly<Record<string, (k: NDArray) => NDArray>> = {
          bits: (k) => random.bits(k, [0]),
          uniform: (k) => random.uniform(k, [0, 2]),
          normal: (k) => random.normal(k, [0]),
          randint: (k) => random.randint(k, [0], 0, 5),
          bernoulli: (k) => random.bernoulli(k, 0.5, { shape: [0] }),
          exponential: (k) => random.exponential(k, [0]),
          gumbel: (k) => random.gumbel(k, [0]),
          truncatedNormal: (k) => random.truncatedNormal(k, -1, 1, [0]),
          permutation: (k) => random.permutation(k, 0),
          'permutation of nothing': (k) => random.permutation(k, np.zeros([0, 3])),
          categorical: (k) => random.categorical(k, np.zeros([0, 4])),
          choice: (k) => random.choice(k, 5, [0]),
        }
        for (const [name, draw] of Object.entries(draws)) expect([name, run(draw)(key).size]).toEqual([name, 0])
        expect(random.keyData(random.split(key, 0)).shape).toEqual([0, 2])
      })
    })

    test('as arguments and results beside others, donated, and in trees', () => {
      on(way, () => {
        const f = jit((p: { a: NDArray; b: NDArray }) => ({ a: p.a.mul(2), b: p.b.add(p.a.sum()) }), { donateArgnums: 0 })
        const out = f({ a: empty(), b: np.ones([2]) })
        expect([out.a.shape, out.b.js()]).toEqual([[0, 3], [1, 1]])
        expect(tree.map((x: NDArray) => x.shape.length, { a: empty(), l: [] }) as unknown).toEqual({ a: 2, l: [] })
        expect(run(() => jit(() => [])())()).toEqual([])
        expect(run((x: NDArray) => [x, x.sum(), np.concatenate([x, np.ones([1, 3])])] as const)(empty()).map((r) => r.shape)).toEqual([[0, 3], [], [1, 3]])
      })
    })
  })
}

/** What a call comes to on a device: its arrays as text, or the name of the error. */
function outcome(way: Way, f: AnyFunction, given: () => readonly unknown[]): string {
  return on(way, () => {
    try {
      const found = arraysOf(f(...given()))
      return found === null ? 'no arrays' : JSON.stringify(found.map(described))
    } catch (e) {
      return e instanceof PullbackError && !(e instanceof InternalError) ? e.constructor.name : `fails: ${String(e)}`
    }
  })
}

const [cpu, wasm] = ways.filter((w) => !w.jitted) as [Way, Way]
const full = (dtype: DType): NDArray => np.ones([2, 3]).astype(dtype)
const none = (dtype: DType): NDArray => np.zeros([0, 3]).astype(dtype)

const inFixture = functionsOf('zero_size')
const inNumpy = (names: string): string[] => names.split(' ').map((name) => `np.${name}`)
/** Functions that no call below is made of, by what there is instead. */
const excused: Readonly<Record<string, readonly string[]>> = {
  'a test above': ['lax.scan', ...inNumpy('applyAlongAxis fromfunction piecewise')],
  'no arrays': ['lax.convDimensionNumbers', ...inNumpy('broadcastShapes finfo iinfo isdtype ndim promoteTypes resultType shape size')],
}

test.each(functions)('%s of arrays without elements: a result, the same on every device, or an error of the library', (name, f) => {
  let made = 0
  const dtypes: readonly DType[] = ['float32', 'int32', 'bool']
  for (const dtype of dtypes) {
    // at small size one that the function takes
    if (made > 0 && sized(true, false)) break
    const calls: readonly (readonly [with_: () => readonly unknown[], without: () => readonly unknown[]])[] = [
      [() => [full(dtype)], () => [none(dtype)]],
      [() => [full(dtype)], () => [none(dtype).T]],
      [() => [full(dtype), full(dtype)], () => [none(dtype), none(dtype)]],
      [() => [full(dtype), 1], () => [none(dtype), 1]],
      [() => [full(dtype), 0], () => [none(dtype), 0]],
      [() => [full('bool'), full(dtype), full(dtype)], () => [none('bool'), none(dtype), none(dtype)]],
      [() => [[full(dtype), full(dtype)]], () => [[none(dtype), none(dtype)]]],
    ]
    for (const [elements, nothing] of calls) {
      // Only calls that are right for arrays with elements.
      if (!outcome(cpu, f, elements).startsWith('[')) continue
      const found = outcome(cpu, f, nothing)
      expect(found).not.toMatch(/^fails/)
      expect(outcome(wasm, f, nothing)).toBe(found)
      made++
    }
  }
  expect(made > 0 || inFixture.has(name), `calls of ${name}`).toBe(!Object.values(excused).flat().includes(name))
})

describe('as text and data', () => {
  test('printing, reading and iterating', () => {
    expect([String(np.zeros([0])), np.zeros([0]).js(), np.zeros([0, 3]).js(), np.zeros([2, 0]).js(), [...np.zeros([0, 3])], np.zeros([0]).dataSync().length]).toEqual(['[]', [], [], [[], []], [], 0])
    expect(np.array([]).shape).toEqual([0])
    expect(np.array([[], []]).shape).toEqual([2, 0])
    expect(String(makeJaxpr((x: NDArray) => np.sin(x))(np.zeros([0])))).toBe('{ lambda ; a:f32[0]. let b:f32[0] = sin a in (b,) }')
    expect(lower((x: NDArray) => np.sin(x))(np.zeros([0])).compile().call(np.zeros([0])).shape).toEqual([0])
  })

  test('asynchronous reading', async () => {
    expect(await np.zeros([2, 0]).jsAsync()).toEqual([[], []])
    expect((await np.zeros([0], { dtype: 'int32' }).data()).length).toBe(0)
  })

  test('files hold them', () => {
    const saved = safetensors.decode(safetensors.encode({ a: np.zeros([0, 3]), b: np.zeros([2, 0], { dtype: 'int32' }), c: np.ones([1]) }))
    expect(Object.entries(saved).map(([name, x]) => [name, x.shape, x.dtype])).toEqual([['a', [0, 3], 'float32'], ['b', [2, 0], 'int32'], ['c', [1], 'float32']])
    const read = idx.decode(idx.encode(np.zeros([0, 28, 28], { dtype: 'uint8' })))
    expect([read.shape, read.dtype]).toEqual([[0, 28, 28], 'uint8'])
  })

  test('no batches of no rows', () => {
    expect([...batches({ x: np.zeros([0, 3]), y: np.zeros([0]) }, 4)].length).toBe(0)
  })

  test('activations and normalisations', () => {
    for (const f of [nn.relu, nn.gelu, nn.silu, nn.softplus, nn.sigmoid, nn.elu, nn.logSigmoid, nn.hardTanh, nn.mish]) expect(f(np.zeros([0, 3])).shape).toEqual([0, 3])
    expect(nn.standardize(np.zeros([0, 3]), 1).shape).toEqual([0, 3])
  })
})
