// debug.memory() is exact, and handles behave under aliasing as the contract says: random commands against a model.
import { setFlagsFromString } from 'node:v8'
import { type ArrayLike, type DeviceName, debug, devicePut, DisposedError, grad, jit, np, vjp, vmap } from 'pullback'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { installBackend } from '../../src/core/devices.ts'
import { longTestTimeout, sized } from '../scale.ts'

// While the engine optimises a closure on another thread it holds what the closure sees, and no collection gets that back: on a busy machine
// a check in a thousand found one array more. So nothing is optimised in this process.
setFlagsFromString('--no-opt')

/** Bytes that one or more handles name. */
interface Buffer {
  readonly bytes: number
  readonly device: DeviceName
  /** Some second handle was made at some time. */
  shared: boolean
}
interface Handle {
  readonly array: np.NDArray
  readonly buffer: Buffer
  /** What all elements are. */
  readonly value: number
}

/** A handle of a state that some command names, by any number. */
type Pick = number
type Command =
  | { readonly kind: 'host' | 'device' | 'cpu'; readonly size: number; readonly value: number }
  | { readonly kind: Unary; readonly at: Pick }
  | { readonly kind: 'donateTwo' | 'add'; readonly at: Pick; readonly and: Pick }
  | { readonly kind: 'garbage' }

const plusOne = jit((x: np.NDArray) => x.add(1))
const donating = jit((x: np.NDArray) => x.add(1), { donateArgnums: 0 })
const donatingFirst = jit((x: np.NDArray, y: np.NDArray) => x.add(y), { donateArgnums: 0 })
const donatingTwo = jit((x: np.NDArray, y: np.NDArray) => [x.add(1), y.mul(2)] as const, { donateArgnums: [0, 1] })
const forwarding = jit((x: np.NDArray) => [x, x.mul(2)] as const)
const forwardingDonated = jit((x: np.NDArray) => [x, x.mul(2)] as const, { donateArgnums: 0 })
const twins = jit((x: np.NDArray) => {
  const y = x.add(1)
  return [y, y] as const
})

class Model {
  handles: Handle[] = []
  readonly peaks: Partial<Record<DeviceName, number>> = {}

  find(at: Pick): Handle | null {
    return this.handles.length === 0 ? null : this.handles[at % this.handles.length]!
  }
  make(array: np.NDArray, value: number, device: DeviceName = 'wasm'): void {
    this.handles.push({ array, value, buffer: { bytes: array.size * 4, device, shared: false } })
  }
  alias(array: np.NDArray, { value, buffer }: Handle): void {
    buffer.shared = true
    this.handles.push({ array, value, buffer })
  }
  /** The handle is gone, for whoever still has it. */
  gone(handle: Handle): void {
    expect(() => handle.array.add(1)).toThrow(DisposedError)
    expect(() => handle.array.js()).toThrow(DisposedError)
    handle.array.dispose() // a second time does nothing
    this.forget(handle)
  }
  forget(handle: Handle): void {
    this.handles = this.handles.filter((h) => h !== handle)
  }
  expected(device: DeviceName): { readonly arrays: number; readonly bytes: number } {
    const buffers = new Set(this.handles.map((h) => h.buffer).filter((b) => b.device === device))
    return { arrays: buffers.size, bytes: [...buffers].reduce((n, b) => n + b.bytes, 0) }
  }
}

type Unary = keyof typeof unary

/** What is done with one handle. */
const unary = {
  reshape: (m, h) => m.alias(h.array.reshape([-1, 1]).reshape(h.array.shape), h),
  forward: (m, h) => {
    const [same, twice] = forwarding(h.array)
    if (h.buffer.device === 'cpu') m.make(same, h.value, 'cpu') // it has no memory to share with a program
    else m.alias(same, h)
    m.make(twice, 2 * h.value, h.buffer.device)
  },
  forwardDonated: (m, h) => {
    const [same, twice] = forwardingDonated(h.array)
    m.gone(h)
    if (h.buffer.device === 'cpu') m.make(same, h.value, 'cpu')
    else m.alias(same, h)
    m.make(twice, 2 * h.value, h.buffer.device)
  },
  twins: (m, h) => {
    const [a, b] = twins(h.array)
    m.make(a, h.value + 1, h.buffer.device)
    if (h.buffer.device === 'cpu') m.make(b, h.value + 1, 'cpu')
    else m.alias(b, m.handles.at(-1)!)
  },
  plusOne: (m, h) => m.make(plusOne(h.array), h.value + 1, h.buffer.device),
  eagerPlusOne: (m, h) => m.make(h.array.add(1), h.value + 1, h.buffer.device),
  dispose: (m, h) => {
    h.array.dispose()
    m.gone(h)
  },
  using: (m, h) => {
    {
      using x = h.array
      expect(x.slice(0).item()).toBe(h.value)
    }
    m.gone(h)
  },
  drop: (m, h) => m.forget(h),
  donate: (m, h) => {
    m.make(donating(h.array), h.value + 1, h.buffer.device)
    m.gone(h)
  },
  donateTwice: (m, h) => {
    const [a, b] = donatingTwo(h.array, h.array)
    m.make(a, h.value + 1, h.buffer.device)
    m.make(b, 2 * h.value, h.buffer.device)
    m.gone(h)
  },
  donateAndRead: (m, h) => {
    m.make(donatingFirst(h.array, h.array), 2 * h.value, h.buffer.device)
    m.gone(h)
  },
  // Under another transformation nothing is given away.
  donateInGrad: (m, h) => m.make(grad((x: np.NDArray) => np.sum(np.square(donating(x))))(h.array), 2 * (h.value + 1), h.buffer.device),
  donateInVmap: (m, h) => m.make(vmap((x: np.NDArray) => donating(x))(h.array), h.value + 1, h.buffer.device),
  donateInJit: (m, h) => m.make(jit((x: np.NDArray) => donating(x).add(x))(h.array), 2 * h.value + 1, h.buffer.device),
  disposeInGrad: (m, h) =>
    m.make(
      grad((x: np.NDArray) => {
        const y = x.mul(x)
        const s = np.sum(y)
        y.dispose() // a tracer: holds nothing
        x.dispose()
        return s
      })(h.array),
      2 * h.value,
      h.buffer.device,
    ),
  fail: (_m, h) => {
    expect(() => plusOne(h.array.reshape([1, -1])).reshape([h.array.size + 1])).toThrow('reshape')
    h.buffer.shared = true
  },
  failInGrad: (_m, h) => {
    expect(() =>
      grad((x: np.NDArray): np.NDArray => {
        x.mul(x).add(1)
        throw new Error('the user’s')
      })(h.array),
    ).toThrow('the user’s')
  },
  toCpu: (m, h) => {
    const there = devicePut(h.array, 'cpu')
    // What somebody put there already is passed through: the same handle.
    if (there === h.array) return
    if (h.buffer.device === 'cpu') m.alias(there, h)
    else m.make(there, h.value, 'cpu')
  },
} satisfies Readonly<Record<string, (m: Model, h: Handle) => void>>

function apply(m: Model, c: Command): void {
  switch (c.kind) {
    case 'host':
      return m.make(np.array(new Float32Array(c.size).fill(c.value)), c.value)
    case 'device':
      return m.make(np.zeros([c.size]).add(c.value), c.value)
    case 'cpu':
      return m.make(np.array(new Float32Array(c.size).fill(c.value), { device: 'cpu' }), c.value, 'cpu')
    case 'garbage':
      for (let i = 0; i < 40; i++) np.ones([3000]).add(i)
      return
    case 'add':
    case 'donateTwo': {
      const [x, y] = [m.find(c.at), m.find(c.and)]
      if (x === null || y === null || x.array.size !== y.array.size || x.buffer.device !== y.buffer.device) return
      const { device } = x.buffer
      if (c.kind === 'add') return m.make(x.array.add(y.array), x.value + y.value, device)
      const [a, b] = donatingTwo(x.array, y.array)
      m.make(a, x.value + 1, device)
      m.make(b, 2 * y.value, device)
      m.gone(x)
      if (x !== y) m.gone(y)
      return
    }
    default: {
      const h = m.find(c.at)
      if (h !== null) unary[c.kind](m, h)
    }
  }
}

/** From tiny arrays to some that fill the heap of the test in a dozen. */
const sizes = [1, 64, 65, 1000, 5000]
const pick = fc.nat(50)
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('host' as const, 'device' as const, 'device' as const, 'cpu' as const), size: fc.constantFrom(...sizes), value: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constantFrom(...(Object.keys(unary) as Unary[])), at: pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'donateTwo' as const), at: pick, and: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('garbage' as const) }) },
)

/** What is counted is what the model holds; the peak is no less, and never falls. */
function requireExact(m: Model, after: readonly Command[]): void {
  const memory = debug.memory()
  for (const device of ['wasm', 'cpu'] as const) {
    const { peakBytes, ...alive } = memory[device]!
    expect({ device, after, ...alive }).toEqual({ device, after, ...m.expected(device) })
    expect(peakBytes).toBeGreaterThanOrEqual(Math.max(m.peaks[device] ?? 0, alive.bytes))
    m.peaks[device] = peakBytes
  }
}

const memoryOf = (device: DeviceName): { readonly arrays: number; readonly bytes: number; readonly peakBytes: number } => debug.memory()[device]!

beforeEach(() => {
  // So small that arrays alive are spilled all the time.
  installBackend(new WasmBackend({ budgetBytes: 200_000, budgetStorages: 40, shared: false, pages: 64 }))
  debug.memory()
})

describe('random commands', () => {
  test('debug.memory() tells what is alive, on each device; every handle has its values or throws', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const m = new Model()
        for (const [i, c] of commands.entries()) {
          apply(m, c)
          if (i % 4 === 3 || i === commands.length - 1) requireExact(m, commands.slice(0, i + 1))
        }
        for (const { array, value } of m.handles) expect(array.dataSync().every((v) => v === value)).toBe(true)
      }),
      { numRuns: sized(10, 400) },
    )
    // Whatever was alive in a run is not after it.
    expect(memoryOf('wasm')).toMatchObject({ arrays: 0, bytes: 0 })
  }, longTestTimeout)
  test('arrays that are let go of by hand, or given away, make an exact peak', () => {
    const before = memoryOf('wasm')
    let x = np.zeros([1000])
    const y = np.zeros([2000])
    x = donating(x)
    y.dispose()
    const z = np.zeros([500])
    expect(memoryOf('wasm')).toEqual({ arrays: before.arrays + 2, bytes: before.bytes + 6000, peakBytes: before.bytes + 12_000 })
    expect(z.add(x.slice(0)).slice(0).item()).toBe(1)
  })

  test('an array beyond the budget counts, wherever its bytes are', () => {
    const kept = Array.from({ length: 50 }, (_, i) => np.full([5000], i))
    const onHost = np.array(new Float32Array(5000))
    expect(memoryOf('wasm')).toMatchObject({ arrays: 51, bytes: 51 * 20_000 })
    expect(kept.every((a, i) => a.slice(7).item() === i) && onHost.size === 5000).toBe(true)
  })

  test('one operand in several places, disposed or donated under another name', () => {
    const x = np.full([1000], 3)
    const y = x.reshape([10, 100])
    const [a, b] = donatingTwo(x, y.reshape([1000]))
    expect(() => x.js()).toThrow(DisposedError)
    expect([a, b, y].map((v) => v.reshape([-1]).slice(5).item())).toEqual([4, 6, 3])
    y.dispose()
    expect(memoryOf('wasm')).toMatchObject({ arrays: 2, bytes: 8000 })
    expect([a, b].map((v) => v.slice(5).item())).toEqual([4, 6])
  })

  test.each(['wasm', 'cpu'] as const)('results that are one array, or an operand, outlive each other and the operand: %s', (device) => {
    const made = (): np.NDArray => devicePut(np.full([1000], 3), device)
    const reads = (x: np.NDArray, value: number): void => {
      // Memory that was let go of too early is another's by now.
      for (let i = 0; i < 4; i++) devicePut(np.full([1000], 7), device).add(1)
      expect(x.dataSync().every((v) => v === value)).toBe(true)
    }
    const x = made()
    const [same] = forwarding(x)
    x.dispose()
    reads(same, 3)
    const y = made()
    const [other] = forwarding(y)
    other.dispose()
    reads(y, 3)
    // What is shared is not given away either.
    const z = made()
    const [kept] = forwarding(z)
    reads(donating(z), 4)
    reads(kept, 3)
    const [passed] = forwardingDonated(made())
    reads(passed, 3)
    const [a, b] = twins(made())
    a.dispose()
    reads(b, 4)
    const [c, d] = twins(made())
    reads(donating(c), 5)
    reads(d, 4)
  })

  test('numbers in donated places are passed, not given away', () => {
    const f = jit((x: ArrayLike, y: np.NDArray) => y.mul(x), { donateArgnums: [0, 1] })
    const y = np.full([1000], 3)
    expect(f(2, y).slice(0).item()).toBe(6)
    expect(() => y.js()).toThrow(DisposedError)
  })

  test('what a compiled function closes over is held by it; disposed, the next call says so', () => {
    const c = np.full([1000], 3)
    const f = jit((x: np.NDArray) => x.add(c))
    expect(f(np.ones([1000])).slice(0).item()).toBe(4)
    c.dispose()
    expect(() => f(np.ones([1000]))).toThrow(DisposedError)
  })

  test('what a pullback needs it holds as the handle it was given', () => {
    const x = np.full([1000], 3)
    const [, pullback] = vjp((v: np.NDArray) => np.sum(v.mul(v)), [x])
    expect(pullback(np.array(1))[0].slice(0).item()).toBe(6)
    x.dispose()
    expect(() => pullback(np.array(1))).toThrow(DisposedError)
  })
})
