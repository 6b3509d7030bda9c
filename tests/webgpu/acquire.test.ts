/** The chain by which a device is acquired: what is tried, in which order, and what is told of it. */
import { DeviceError } from 'pullback'
import { expect, test } from 'vitest'
import { acquire } from '../../src/backends/webgpu/acquire.ts'
import { gpuProviders } from '../../src/platform/node.ts'
import type { GpuProvider } from '../../src/platform/types.ts'

const info = { vendor: 'acme', architecture: 'one', device: '', description: '', isFallbackAdapter: false, subgroupMinSize: 4, subgroupMaxSize: 4 }
const limits = { maxBufferSize: 2 ** 28, maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupsPerDimension: 65535 }

/** A provider of adapters that are made up: `adapters(options)` says which, `device(wanted)` what they give. */
const provider = (name: string, adapter: (options: GPURequestAdapterOptions) => unknown): GpuProvider => ({ name, load: () => Promise.resolve({ requestAdapter: (o: GPURequestAdapterOptions) => Promise.resolve(adapter(o)) }) })
const absent = (name: string, why: string): GpuProvider => ({ name, load: () => Promise.reject(new Error(why)) })
const adapterThat = (requestDevice: (wanted?: object) => unknown): unknown => ({ info, limits, features: new Set(['subgroups', 'timestamp-query']), requestDevice: async (wanted?: object) => await requestDevice(wanted) })

test('the first adapter that gives a device is taken; what came before is told with its reason', async () => {
  const asked: unknown[] = []
  const device = { a: 'device' }
  const found = await acquire({
    providers: [
      absent('navigator.gpu', 'this runtime has none of its own'),
      provider('first', () => null),
      provider('second', (options) => {
        asked.push(options)
        if (options.powerPreference === 'high-performance') return adapterThat(() => Promise.reject(new Error('the driver said no')))
        return adapterThat((wanted) => (wanted === undefined ? device : Promise.reject(new Error('too much asked'))))
      }),
    ],
  })
  expect(found.device).toBe(device)
  expect(asked).toEqual([{ powerPreference: 'high-performance' }, {}])
  expect(found.info).toEqual({
    device: 'webgpu',
    adapter: 'acme one',
    provider: 'second',
    software: false,
    refused: [
      'navigator.gpu: this runtime has none of its own',
      'first, the fastest adapter: there is none',
      'first, any adapter: there is none',
      'first, a software adapter: there is none',
      'second, acme one, with its own limits: the driver said no',
      'second, acme one, with default limits: the driver said no',
      'second, acme one, with its own limits: too much asked',
    ],
  })
})

test('a device is asked for with the limits of its adapter, and the features that are used', async () => {
  const asked: unknown[] = []
  await acquire({ providers: [provider('p', () => adapterThat((wanted) => asked.push(wanted)))] })
  expect(asked).toEqual([{ requiredLimits: { maxBufferSize: 2 ** 28 }, requiredFeatures: ['subgroups'] }])
})

test('where none is to be had, the error lists all that was tried', async () => {
  const refused = acquire({ providers: [absent('navigator.gpu', 'it is switched off'), provider("the npm package 'webgpu'", () => null)] })
  await expect(refused).rejects.toThrow(DeviceError)
  await expect(refused).rejects.toThrow(
    ['init: no WebGPU device can be had; tried, in this order:', 'navigator.gpu: it is switched off', "the npm package 'webgpu', the fastest adapter: there is none", "the npm package 'webgpu', any adapter: there is none", "the npm package 'webgpu', a software adapter: there is none"].join('\n  '),
  )
})

test('nobody to ask is an error as well', async () => {
  await expect(acquire({ providers: [] })).rejects.toThrow(/no WebGPU device/)
})

test('in Node the two places are its own navigator and the npm package', async () => {
  expect(gpuProviders.map((p) => p.name)).toEqual(['navigator.gpu', "the npm package 'webgpu'"])
  await expect(gpuProviders[0]!.load()).rejects.toThrow('none of its own')
})

test('Dawn has one instance a process, however often a device is asked for', async () => {
  const [, dawn] = gpuProviders
  expect(await dawn!.load()).toBe(await dawn!.load())
})
