/** The protocol by which threads meet, on programs made by hand. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Code } from '../../src/backends/wasm/pool.ts'
import { InternalError } from '../../src/core/errors.ts'
import { sized } from '../scale.ts'
import { call, census, lockstep, poolOf, pools, trapping, words } from './by-hand.ts'

afterEach(() => {
  for (const pool of pools.splice(0)) pool.stop()
})

const sleep = (milliseconds: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)

describe.each([2, 4])('%i threads', (threads) => {
  test('run a program once each, and know how many they are', () => {
    const { heap, pool, args } = poolOf(threads)
    const code = census(heap)
    for (let i = 0; i < 100; i++) expect(call(pool, code, args)).toBe(threads)
    expect(words(heap, args, 2 * threads)).toEqual(Array.from({ length: 2 * threads }, (_, i) => (i % 2 === 0 ? 100 : threads)))
  })

  test('meet at every barrier, and none goes ahead', () => {
    const { heap, pool, args } = poolOf(threads)
    const rounds = sized(200, 20_000)
    for (let i = 0; i < 3; i++) call(pool, lockstep(heap, rounds), args)
    expect(words(heap, args, threads)).toEqual(Array<number>(threads).fill(3 * rounds))
    expect(heap.words[args / 4 + 63]).toBe(0)
  })

  test('sleep, and wake for the next program', () => {
    const { heap, pool, args } = poolOf(threads)
    const code = census(heap)
    for (let i = 0; i < 5; i++) {
      expect(call(pool, code, args)).toBe(threads)
      sleep(20)
    }
    expect(words(heap, args, 1)).toEqual([5])
  })

  test('a trap in any of them is an error that names it, and the next program runs', () => {
    const { heap, pool, args } = poolOf(threads)
    const [bad, good] = [trapping(heap), lockstep(heap, 10)]
    const place = heap.reserve(64)
    for (let round = 0; round < 3; round++) {
      for (let thread = 0; thread < threads; thread++) {
        heap.words[place / 4] = thread
        expect(() => call(pool, bad, place)).toThrow(InternalError)
        expect(() => call(pool, bad, place)).toThrow(new RegExp(`trapped on thread ${thread}: .*unreachable`))
        heap.words.fill(0, args / 4, args / 4 + 64)
        expect(call(pool, good, args)).toBe(threads)
        expect(words(heap, args, threads)).toEqual(Array<number>(threads).fill(10))
      }
    }
    expect(pool.failure).toBeNull()
  })
})

test('threads that have nothing to do use no processor', () => {
  const { heap, pool, args } = poolOf(4)
  call(pool, census(heap), args)
  sleep(100)
  const before = process.cpuUsage()
  sleep(300)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(30)
})

test('more programs than the workers keep are installed again as they come back', () => {
  const { heap, pool, args } = poolOf(2)
  const codes = Array.from({ length: 600 }, () => census(heap))
  for (const code of [...codes, ...codes.slice(0, 100)]) call(pool, code, args)
  expect(words(heap, args + 8, 1)).toEqual([700])
})

test('many pools in one process work side by side, and again after each was stopped', () => {
  const many = Array.from({ length: 8 }, () => poolOf(3))
  for (let round = 0; round < 2; round++) {
    for (const { heap, pool, args } of many) expect(call(pool, census(heap), args)).toBe(3)
    for (const { pool } of many) pool.stop()
  }
  for (const { heap, args } of many) expect(words(heap, args, 6)).toEqual([2, 3, 2, 3, 2, 3])
})

test('workers that are replaced while they sleep, spin or come up leave nothing behind that the next ones trip over', () => {
  const { heap, pool, args } = poolOf(3)
  for (let round = 0; round < sized(12, 200); round++) {
    pool.resize(2 + (round % 3))
    if (round % 4 === 3) continue // replaced before they were asked for
    for (let i = 0; i < 3; i++) {
      heap.words.fill(0, args / 4, args / 4 + 64)
      expect(call(pool, lockstep(heap, 20), args)).toBe(2 + (round % 3))
      expect(heap.words[args / 4]).toBe(20)
      if (round % 2 === 0) sleep(5)
    }
  }
  const impatient = poolOf(3, { patience: 1e9 })
  for (let round = 0; round < sized(5, 50); round++) {
    expect(call(impatient.pool, census(impatient.heap), impatient.args)).toBe(1)
    impatient.pool.resize(2 + (round % 2))
    sleep(10 * (round % 5))
  }
  let threads = 1
  for (let tries = 0; tries < 3000 && threads === 1; tries++) {
    threads = call(impatient.pool, census(impatient.heap), impatient.args)
    sleep(10)
  }
  expect(threads).toBe(impatient.pool.threads)
})

test('the number of threads changes between programs', () => {
  const { heap, pool, args } = poolOf(2)
  for (const threads of [2, 4, 1, 3]) {
    pool.resize(threads)
    heap.words.fill(0, args / 4, args / 4 + 64)
    expect(call(pool, lockstep(heap, 20), args)).toBe(threads)
    expect(words(heap, args, 5)).toEqual([0, 1, 2, 3, 4].map((t) => (t < threads ? 20 : 0)))
  }
})

test('until enough has been computed to pay for a start, the caller does not wait for the workers', () => {
  const { heap, pool, args } = poolOf(2, { patience: 1000 })
  const code = census(heap)
  expect(call(pool, code, args)).toBe(1)
  for (let tries = 0; tries < 500 && call(pool, code, args) === 1; tries++) sleep(10)
  expect(call(pool, code, args)).toBe(2)
})

test('a short program does not wait for a sleeping worker, but finds it awake the next time', () => {
  const { heap, pool, args } = poolOf(2, { wakeTime: 2e6 })
  const code = census(heap)
  expect(pool.threadsFor({ ...code, time: 1e9 })).toBe(2)
  sleep(50)
  expect(call(pool, code, args)).toBe(1)
  let threads = 1
  for (let tries = 0; tries < 1000 && threads === 1; tries++) {
    sleep(1)
    for (const until = performance.now() + 20; performance.now() < until && threads === 1; ) threads = pool.threadsFor(code)
  }
  expect(threads).toBe(2)
})

test('a module that workers cannot take leaves one thread, and says why', () => {
  const { heap, pool, args } = poolOf(2)
  const code: Code = { ...census(heap), bytes: Uint8Array.of(1, 2, 3) }
  expect(call(pool, code, args)).toBe(1)
  expect(pool.failure).toMatch(/CompileError/)
  expect(call(pool, census(heap), args)).toBe(1)
  expect(words(heap, args, 2)).toEqual([2, 1])
})
