import { expect, test } from 'vitest'
import { Pace } from '../../src/backends/wasm/pace.ts'

/** Calls a program whose time depends on the way; gives the ways it went. */
function calls(pace: Pace, count: number, time: (way: 'alone' | 'shared', call: number) => number): ('alone' | 'shared')[] {
  return Array.from({ length: count }, (_, call) => {
    const way = pace.next()
    pace.took(way, time(way, call))
    return way
  })
}
const share = (ways: readonly string[]): number => ways.filter((w) => w === 'shared').length / ways.length

test('a program that threads make faster keeps them, but for a few trials', () => {
  const ways = calls(new Pace(), 5000, (way) => (way === 'shared' ? 6 : 11))
  expect(share(ways)).toBeGreaterThan(0.99)
  expect(share(ways)).toBeLessThan(1)
})

test('one that threads make slower runs alone soon', () => {
  const ways = calls(new Pace(), 2000, (way) => (way === 'shared' ? 0.15 : 0.01))
  expect(ways.slice(0, 5)).toEqual(Array(5).fill('shared'))
  expect(ways.slice(20, 30)).toEqual(Array(10).fill('alone'))
  expect(share(ways.slice(500))).toBeLessThan(0.05)
})

test('first calls in code that is not optimised yet do not count against threads', () => {
  const ways = calls(new Pace(), 40, (way, call) => (call === 0 ? 400 : call < 4 ? 80 : way === 'shared' ? 22 : 42))
  expect(share(ways)).toBeGreaterThan(0.85)
})

test('while other processes take the cores it runs alone, and returns to threads after that', () => {
  const pace = new Pace()
  const quiet = (way: string): number => (way === 'shared' ? 6 : 11)
  const busy = (way: string): number => (way === 'shared' ? 90 : 15)
  calls(pace, 1000, quiet)
  expect(share(calls(pace, 1000, busy).slice(50))).toBeLessThan(0.1)
  expect(share(calls(pace, 2000, quiet).slice(1000))).toBeGreaterThan(0.98)
})

test('workers that are asleep in the first calls of a trial do not decide it', () => {
  let asleep = 0
  const ways = calls(new Pace(), 4000, (way) => {
    if (way === 'alone') {
      asleep = 2
      return 0.1
    }
    return asleep-- > 0 ? 0.2 : 0.06
  })
  expect(share(ways.slice(2000))).toBeGreaterThan(0.95)
})

test('threads that have woken and share one core for a while are waited for', () => {
  let waking = 0
  const pace = new Pace()
  calls(pace, 200, (way) => (way === 'shared' ? 5 : 0.45))
  const ways = calls(pace, 3000, (way) => {
    if (way === 'alone') {
      waking = 10
      return 0.45
    }
    const time = waking > 0 ? 0.48 : 0.24
    waking -= time
    return time
  })
  expect(share(ways.slice(1000))).toBeGreaterThan(0.95)
})

test('a pause of the process does not take the threads away for long', () => {
  const ways = calls(new Pace(), 3000, (way, call) => (call % 100 === 50 ? 500 : way === 'shared' ? 6 : 11))
  expect(share(ways)).toBeGreaterThan(0.9)
})

test('slow calls among fast ones, as workers wake from a sleep, do not take the threads away', () => {
  const pace = new Pace()
  calls(pace, 200, (way) => (way === 'shared' ? 1.1 : 2.4))
  const waking = [2.9, 1.6, 9.3, 1.4, 3.1, 1.6, 6.5, 1.4]
  const ways = calls(pace, 400, (way, call) => (way === 'alone' ? 2.4 : call % 20 < waking.length ? waking[call % 20]! : 1.1))
  expect(share(ways)).toBeGreaterThan(0.95)
})

test('threads that are slow in most calls run alone, whatever a few others take', () => {
  const pace = new Pace()
  calls(pace, 200, (way) => (way === 'shared' ? 1.1 : 2.4))
  const ways = calls(pace, 4000, (way, call) => (way === 'alone' ? 2.4 : call % 3 === 0 ? 1.1 : 9))
  expect(share(ways.slice(1000))).toBeLessThan(0.1)
})
