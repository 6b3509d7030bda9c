/** Layers from layers: what fits together, what it is called when it does not, and where keys and state go. */
import { ArgumentError, jit, type NDArray, np, random, ShapeError, tree } from 'pullback'
import { Dense, Dropout, Flatten, fanInConcat, fanInSum, fanOut, Identity, type Layer, makeLayer, parallel, Relu, serial, withState } from 'pullback/stax'
import { describe, expect, expectTypeOf, test } from 'vitest'

type WB = [W: NDArray, b: NDArray]
const key = random.key(0)

describe('types', () => {
  test('parameters are the tuple of the layers’ parameters, at any depth', () => {
    const mlp = serial(Dense(4), Relu, Dense(2))
    expectTypeOf(mlp).toEqualTypeOf<Layer<[WB, [], WB]>>()
    expectTypeOf(mlp[0](key, [-1, 3]).params).toEqualTypeOf<[WB, [], WB]>()
    expectTypeOf(serial(mlp, serial(), Identity)[0](key, [-1, 3]).params).toEqualTypeOf<[[WB, [], WB], [], []]>()
    const branches = serial(fanOut(2), parallel(Dense(3), Identity), fanInSum)
    expectTypeOf(branches).toEqualTypeOf<Layer<[[], [WB, []], []]>>()
  })

  test('inputs and outputs are tuples where layers stand side by side', () => {
    const [, apply] = parallel(Dense(3), Identity)
    expectTypeOf(apply).parameter(1).toEqualTypeOf<[NDArray, NDArray]>()
    expectTypeOf<ReturnType<typeof apply>>().toEqualTypeOf<[NDArray, NDArray]>()
    expectTypeOf<ReturnType<ReturnType<typeof fanOut<3>>[1]>>().toEqualTypeOf<[NDArray, NDArray, NDArray]>()
  })

  test('wrong plumbing does not compile, and is a ShapeError for those who do not compile', () => {
    // @ts-expect-error one array goes into a parallel of two
    expect(() => serial(Dense(2), parallel(Dense(3), Identity))[0](key, [-1, 4])).toThrow()
    // @ts-expect-error three arrays go into a parallel of two
    expect(() => serial(fanOut(3), parallel(Dense(3), Identity), fanInSum)[0](key, [-1, 4])).toThrow(ShapeError)
    // @ts-expect-error two arrays go into a Dense
    expect(() => serial(fanOut(2), Dense(3))[0](key, [-1, 4])).toThrow()
    // @ts-expect-error params of another network
    expect(() => Dense(2)[1]([np.ones([2, 2])], np.ones([1, 2]))).toThrow()
  })
})

describe('values', () => {
  test('serial is composition, parallel acts side by side', () => {
    const double = makeLayer<[], NDArray, NDArray, null>({ init: (_k, shape) => ({ shape, params: [], state: null }), apply: (_p, s, x) => [x.mul(2), s] })
    const x = np.array([[1, 2]])
    const run = <P>([init, apply]: Layer<P>): unknown => apply(init(key, [-1, 2]).params, x).js()
    expect(run(serial(double, double))).toEqual([[4, 8]])
    expect(run(serial())).toEqual([[1, 2]])
    expect(run(serial(fanOut(3), parallel(double, Identity, serial(double, double)), fanInSum))).toEqual([[7, 14]])
    expect(run(serial(fanOut(2), parallel(double, Identity), fanInConcat()))).toEqual([[2, 4, 1, 2]])
    expect(run(serial(fanOut(2), parallel(double, Identity), fanInConcat(0)))).toEqual([[2, 4], [1, 2]])
  })

  test('a pair that somebody wrote by hand is a layer', () => {
    const Shift: Layer<NDArray> = [(k, shape) => ({ shape, params: random.normal(k, []) }), (p, x, { mode = 'eval' } = {}) => (mode === 'train' ? x.add(p) : x)]
    const [init, apply] = serial(Dense(2), Shift)
    const { params } = init(key, [-1, 2])
    const x = np.ones([1, 2])
    expect(params[1].shape).toEqual([])
    expect(apply(params, x, { mode: 'train' }).sub(apply(params, x)).js()).toEqual([[expect.closeTo(params[1].item(), 5), expect.closeTo(params[1].item(), 5)]])
  })
})

describe('keys are drawn in flattened order', () => {
  const leavesOf = <P>([init]: Layer<P>): unknown[] => tree.leaves(init(key, [-1, 3]).params).map((leaf) => np.asarray(leaf).js())

  test('so nesting does not change the parameters', () => {
    const flat = leavesOf(serial(Dense(4), Relu, Dense(4), Dense(2)))
    expect(leavesOf(serial(serial(Dense(4), Relu), serial(serial(Dense(4)), Dense(2))))).toEqual(flat)
    expect(leavesOf(serial(Identity, serial(Dense(4), Relu, Dense(4)), Dense(2)))).toEqual(flat)
  })

  test('no two layers get the same, however many there are', () => {
    const wide = serial(fanOut(20), parallel(...Array.from({ length: 20 }, () => Dense(1))), fanInConcat()) as Layer<unknown>
    const leaves = leavesOf(wide)
    expect(new Set(leaves.map((leaf) => JSON.stringify(leaf))).size).toBe(40)
  })

  test('nor does nesting change what is dropped', () => {
    const drop = Dropout(0.5)
    const x = np.ones([4, 8])
    const run = <P>([init, apply]: Layer<P>): unknown => apply(init(key, [-1, 8]).params, x, { key, mode: 'train' }).js()
    expect(run(serial(serial(Identity, drop), serial(serial(drop))))).toEqual(run(serial(drop, drop)))
  })
})

describe('an error says which layer failed', () => {
  const message = (run: () => unknown): string => {
    try {
      run()
    } catch (e) {
      if (e instanceof ShapeError) {
        expect(e.stack).toContain(e.message)
        return e.message
      }
      throw e
    }
    throw new Error('nothing was thrown')
  }

  test('in init and in apply, through nesting', () => {
    expect(message(() => serial(Relu, Dense(2))[0](key, []))).toBe('serial, layer 1: Dense: needs a known last axis and got shape []')
    expect(message(() => serial(fanOut(2), parallel(Identity, serial(Flatten, Relu, Dense(2))), fanInSum)[0](key, [-1, 3]))).toContain('fanInSum: got shapes [-1,3] and [-1,2]; they must be equal')
    const [init, apply] = serial(Relu, serial(Identity, Dense(2)))
    expect(message(() => apply(init(key, [-1, 3]).params, np.ones([1, 4])))).toMatch(/^serial, layer 1: serial, layer 1: Dense: /)
  })

  test('joining along the batch leaves it unknown', () => {
    expect(fanInConcat(0)[0](key, [[-1, 2], [-1, 2]]).shape).toEqual([-1, 2])
    expect(fanInConcat(0)[0](key, [[4, 2], [-1, 2]]).shape).toEqual([-1, 2])
    expect(fanInConcat(0)[0](key, [[4, 2], [3, 2]]).shape).toEqual([7, 2])
  })

  test('a sum takes at least one input, and inputs of one shape, when it is applied too', () => {
    expect(message(() => fanInSum[1]([], []))).toBe('fanInSum: got no inputs; it takes at least one')
    expect(message(() => fanInSum[0](key, []))).toBe('fanInSum: got no inputs; it takes at least one')
    expect(message(() => fanInSum[1]([], [np.ones([2, 1]), np.ones([2, 3])]))).toBe('fanInSum: got shapes [2,1] and [2,3]; they must be equal')
  })

  test('copies are counted', () => {
    for (const n of [0, -1, 1.5]) expect(() => fanOut(n)).toThrow(`fanOut: takes positive integers for the number of copies, and got ${n}`)
  })

  test('fanInConcat names the axis along which inputs may differ', () => {
    expect(message(() => fanInConcat(1)[0](key, [[-1, 2, 3], [-1, 3, 4]]))).toBe('fanInConcat: got shapes [-1,2,3] and [-1,3,4]; they may differ along axis 1 alone')
  })
})

describe('state', () => {
  /** Subtracts a running mean, and counts: the smallest layer with state. */
  interface Running {
    readonly mean: NDArray
    readonly seen: NDArray
  }
  const Centre = makeLayer<[], NDArray, NDArray, Running>({
    init: (_keys, shape) => ({ shape, params: [], state: { mean: np.zeros([shape.at(-1)!]), seen: np.array(0) } }),
    apply(_params, state, x, { mode }) {
      if (mode === 'eval') {
        if (state === null) throw new ArgumentError('Centre', 'has statistics in eval: see withState')
        return [x.sub(state.mean), state]
      }
      const mean = np.mean(x, 0)
      return [x.sub(mean), { mean, seen: np.add(state?.seen ?? 0, 1) }]
    },
  })
  const x = np.array([[1, 2], [3, 6]])

  test('comes out through every combinator, and goes back to the layer it came from', () => {
    const net = serial(Identity, fanOut(2), parallel(serial(Relu, Centre), Identity), fanInConcat())
    const [init, apply] = withState(net)
    const { params, state } = init(key, [-1, 2])
    expectTypeOf(state).toEqualTypeOf<[null, null, [[null, Running], null], null]>()
    const [y, next] = apply(params, state, x, { mode: 'train' })
    expect(y.js()).toEqual([[-1, -2, 1, 2], [1, 2, 3, 6]])
    expect(next[2][0][1].mean.js()).toEqual([2, 4])
    expect(apply(params, next, x, { mode: 'train' })[1][2][0][1].seen.item()).toBe(2)
    expect(apply(params, next, np.zeros([1, 2]))[0].js()).toEqual([[-2, -4, 0, 0]])
    const [compiled] = jit((s: typeof state) => apply(params, s, x, { mode: 'train' }))(state)
    expect(compiled.js()).toEqual(y.js())
  })

  test('a stateless network’s is null, and goes through as null', () => {
    const [init, apply] = withState(serial(Dense(3), serial(Relu, Dense(2))))
    const { params, state } = init(key, [-1, 2])
    expectTypeOf(state).toEqualTypeOf<null>()
    expect(state).toBeNull()
    expect(apply(params, state, x)[1]).toBeNull()
  })

  test('a plain apply works without it in training, and refuses in evaluation', () => {
    const [init, apply] = serial(Identity, Centre)
    const { params } = init(key, [-1, 2])
    expect(Object.keys(init(key, [-1, 2]))).toEqual(['shape', 'params'])
    expect(apply(params, x, { mode: 'train' }).js()).toEqual([[-1, -2], [1, 2]])
    expect(() => apply(params, x)).toThrow('serial, layer 1: Centre: has statistics in eval: see withState')
  })
})

test('a mode that is none is refused', () => {
  expect(() => Identity[1]([], np.ones([1]), { ...({ mode: 'test' } as object) })).toThrow("apply: mode is 'train' or 'eval', and got 'test'")
})
