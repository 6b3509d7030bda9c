// What does not fit is an OutOfMemoryError that says how much it was; nothing is harmed, and everything works after it.
import { debug, devicePut, grad, jit, lax, np, OutOfMemoryError, vmap } from 'pullback'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { installBackend } from '../../src/core/devices.ts'

const mebibyte = 2 ** 20
const works = (): void => {
  expect(np.ones([3]).add(1).js()).toEqual([2, 2, 2])
}
/** A heap of so many MiB, for what is tried at a small size. */
const heapOf = (mebibytes: number): void => {
  installBackend(new WasmBackend({ pages: 16 * mebibytes, shared: false }))
}
const filled = (bytes: number, value: number): np.NDArray => np.full([bytes / 4], value)

function refused(work: () => unknown): OutOfMemoryError {
  try {
    work()
  } catch (e) {
    expect(e).toBeInstanceOf(OutOfMemoryError)
    return e as OutOfMemoryError // checked in the line above
  }
  throw new Error('nothing was thrown')
}

afterEach(() => {
  installBackend(new WasmBackend())
})

describe('larger than the heap', () => {
  const one = np.ones([])
  const cases: readonly (readonly [name: string, work: () => unknown, message: RegExp])[] = [
    ['zeros', () => np.zeros([1.25e9]), /^zeros: .*-> float32\[1250000000\] takes .* 5000000000 of results .* the WebAssembly heap has 4294967296/],
    ['four terabytes', () => np.zeros([2 ** 20, 2 ** 20]), /4398046511104 of results/],
    ['more than integers can count', () => np.zeros([1e10, 1e10, 1e10]), /4e\+30 of results/],
    ['broadcastTo', () => np.broadcastTo(np.ones([1, 100]), [2 ** 25, 100]), /float32\[1,100\]\) -> float32\[33554432,100\]/],
    ['operands that broadcast', () => np.ones([60000, 1]).add(np.ones([1, 60000])), /14400000000 of results/],
    ['arange', () => np.arange(2e9), /^arange: .*int32\[2000000000\]/],
    ['a product', () => np.matmul(np.ones([40000, 10]), np.ones([10, 40000])), /^matmul: .*3200000 bytes of operands, 6400000000 of results/],
    ['integrals without end', () => np.polyint(np.ones([2]), 2 ** 20), /^polyint: .*float32\[1048576,1048578\]/],
    ['scratch memory alone', () => jit((x: np.NDArray) => np.sum(np.cumsum(np.matmul(x, x.T)).mul(2)))(np.ones([40000, 10])), /^jit: .*of scratch memory at once/],
    ['in jit', () => jit((x: np.NDArray) => np.broadcastTo(x, [2 ** 31]))(one), /^jit: \(float32\[\]\) -> float32\[2147483648\]/],
    ['in grad', () => grad((x: np.NDArray) => np.sum(np.sin(np.broadcastTo(x, [2 ** 31]))))(one), /8589934592 of results/],
    ['in vmap', () => vmap((x: np.NDArray) => np.broadcastTo(x, [2 ** 30]))(np.ones([4])), /float32\[4,1073741824\]/],
    ['stacked by scan', () => lax.scan((c: np.NDArray) => [c, np.zeros([2 ** 20])], one, null, { length: 4096 }), /^scan: .*17179869184 of results/],
    ["on 'cpu'", () => np.broadcastTo(devicePut(one, 'cpu'), [1e12]), /^broadcast\w+: .*float32\[1000000000000\].*the JavaScript engine has no 4000000000000 bytes/],
  ]
  test.each(cases)('%s', (_name, work, message) => {
    const e = refused(work)
    expect(e.message).toMatch(message)
    expect(e.code).toBe('OUT_OF_MEMORY')
    works()
  })
})

describe('a call whose operands, results and scratch memory do not fit together', () => {
  const plus = jit((x: np.NDArray, y: np.NDArray) => x.add(y))

  test('says how much each is; its operands are as they were', () => {
    heapOf(64)
    const [x, y] = [filled(24 * mebibyte, 1), filled(24 * mebibyte, 2)]
    expect(refused(() => plus(x, y)).message).toBe(
      'jit: (float32[6291456], float32[6291456]) -> float32[6291456] takes 50331648 bytes of operands, 25165824 of results and 0 of scratch memory at once, ' +
        'and the WebAssembly heap has 67108864; use smaller arrays or batches, or lax.scan over pieces',
    )
    expect([x, y].map((a) => a.slice(-1).item())).toEqual([1, 2])
    works()
    expect(debug.memory().wasm?.bytes).toBe(48 * mebibyte)
  })

  test('donated operands of a call that does not fit are still there', () => {
    heapOf(64)
    const f = jit((x: np.NDArray, y: np.NDArray) => [x.add(1), y.mul(2), x.sub(y)] as const, { donateArgnums: [0, 1] })
    // Both become results, but there is no room for the third.
    const [x, y] = [filled(24 * mebibyte, 1), filled(24 * mebibyte, 2)]
    refused(() => f(x, y))
    expect([x, y].map((a, i) => a.dataSync().every((v) => v === i + 1))).toEqual([true, true])
    expect(x.mean().item()).toBe(1)
  })

  test('donation lets a call fit', () => {
    heapOf(64)
    const f = jit((x: np.NDArray, y: np.NDArray) => x.add(y), { donateArgnums: 0 })
    const [x, y] = [filled(24 * mebibyte, 1), filled(24 * mebibyte, 2)]
    expect(f(x, y).slice(-1).item()).toBe(3)
  })

  test('one operand passed twice takes its place once', () => {
    heapOf(64)
    const x = filled(24 * mebibyte, 1)
    expect(plus(x, x).slice(-1).item()).toBe(2)
  })
})

describe('a heap in pieces', () => {
  test('is emptied for a call that would fit in it whole, and nothing is harmed', () => {
    heapOf(64)
    const kept: np.NDArray[] = []
    for (let i = 0; i < 60; i++) {
      const a = filled(mebibyte / 2, i)
      if (i % 2 === 0) kept.push(a)
    }
    const x = filled(28 * mebibyte, 5)
    expect(x.add(1).slice(-1).item()).toBe(6)
    kept.forEach((a, k) => expect(a.dataSync().every((v) => v === 2 * k)).toBe(true))
  })

  test('the arena of a huge program is given back when arrays need the room', () => {
    const backend = new WasmBackend({ pages: 1024, shared: false })
    installBackend(backend)
    const wide = jit((x: np.NDArray) => np.sum(np.cumsum(np.broadcastTo(x, [8, mebibyte])).reshape([8, mebibyte]).add(1), 0).slice(0))
    wide(np.ones([mebibyte]))
    const { scratchBytes } = backend.resident()
    expect(scratchBytes).toBeGreaterThan(30 * mebibyte)
    const kept = Array.from({ length: 20 }, (_, i) => filled(2 * mebibyte, i))
    expect(backend.resident().scratchBytes).toBeLessThan(mebibyte)
    kept.forEach((a, i) => expect(a.slice(-1).item()).toBe(i))
    wide(np.ones([mebibyte]))
    kept.forEach((a, i) => expect(a.dataSync().every((v) => v === i)).toBe(true))
  })
})

describe('no memory on the host', () => {
  /** An engine whose buffers are at their end. */
  function withoutHostMemory<R>(work: () => R): R {
    const slice = vi.spyOn(Uint8Array.prototype, 'slice').mockImplementation(() => {
      throw new RangeError('Array buffer allocation failed')
    })
    try {
      return work()
    } finally {
      slice.mockRestore()
    }
  }

  test('for arrays that leave the heap: an OutOfMemoryError, and they stay where they are', () => {
    heapOf(64)
    const kept: np.NDArray[] = [filled(mebibyte, 0)]
    const e = withoutHostMemory(() =>
      refused(() => {
        for (let i = 1; i < 100; i++) kept.push(filled(mebibyte, i))
      }),
    )
    expect(e.message).toMatch(/^full: \(float32\[\]\) -> float32\[262144\] the JavaScript engine has no 1048576 bytes: Array buffer allocation failed/)
    expect(kept.length).toBeGreaterThan(20)
    kept.forEach((a, i) => expect(a.dataSync().every((v) => v === i)).toBe(true))
    works()
  })

  test('to read into', () => {
    const x = np.ones([1000])
    expect(withoutHostMemory(() => refused(() => x.dataSync())).message).toMatch(/has no 4000 bytes/)
    expect(x.dataSync().length).toBe(1000)
  })
})
