/**
 * Getting a device: providers in the order of the platform, of each the fastest adapter first, then any, then a software
 * one; of each adapter a device with all it can do, then one with what every device can. What was refused on the way is told.
 */
import { gpuProviders } from '#platform'
import { DeviceError } from '../../core/errors.ts'
import { isRight, left, right } from '../../fp/either.ts'
import { ask, chain, fromTaskEither, left as refuse, map, mapLeft, orElse, type ReaderTaskEither } from '../../fp/reader-task-either.ts'
import type { DeviceInfo } from '../../core/storage.ts'
import type { GpuProvider } from '../../platform/types.ts'

/** What was tried and why it did not do: `navigator.gpu: this browser has no WebGPU`. */
type Refusals = readonly string[]

interface Acquired {
  readonly device: GPUDevice
  readonly info: DeviceInfo
}

/** Where to look. */
export interface Places {
  readonly providers: readonly GpuProvider[]
}

type Attempt<A> = ReaderTaskEither<Places, Refusals, A>

const why = (e: unknown): string => (e instanceof Error ? e.message : String(e))

/** A step that may be refused; the reason is said after the name of what was tried. */
const attempt = <A>(name: string, step: () => Promise<A>): Attempt<A> => fromTaskEither(async () => {
  try {
    return right(await step())
  } catch (e) {
    return left([`${name}: ${why(e)}`])
  }
})

/** The first that is not refused, which tells of those before it. */
const firstOf = (attempts: readonly Attempt<Acquired>[]): Attempt<Acquired> =>
  attempts.reduceRight<Attempt<Acquired>>(
    (next, one) =>
      orElse((refused: Refusals) => {
        const rest = map(({ device, info }: Acquired): Acquired => ({ device, info: { ...info, refused: [...refused, ...info.refused] } }))(next)
        return mapLeft((more: Refusals): Refusals => [...refused, ...more])(rest)
      })(one),
    refuse([]),
  )

const adapterChoices: readonly (readonly [string, GPURequestAdapterOptions])[] = [
  ['the fastest adapter', { powerPreference: 'high-performance' }],
  ['any adapter', {}],
  ['a software adapter', { forceFallbackAdapter: true }],
]

const nameOf = ({ description, device, vendor, architecture }: GPUAdapterInfo): string => [description, device, `${vendor} ${architecture}`.trim(), 'an unnamed adapter'].find((text) => text !== '')!

/** Limits that this library can use more of than every device has. */
const limitsWanted = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize'] as const
const featuresWanted: readonly string[] = ['subgroups']

async function deviceOf(adapter: GPUAdapter, all: boolean): Promise<GPUDevice> {
  if (!all) return adapter.requestDevice()
  const requiredLimits = Object.fromEntries(limitsWanted.map((limit) => [limit, adapter.limits[limit]]))
  return adapter.requestDevice({ requiredLimits, requiredFeatures: featuresWanted.filter((f) => adapter.features.has(f)) as GPUFeatureName[] }) // names from that very set
}

const fromAdapter = (provider: string, adapter: GPUAdapter): Attempt<Acquired> => {
  const name = nameOf(adapter.info)
  const info: DeviceInfo = { device: 'webgpu', adapter: name, provider, software: adapter.info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${name} ${adapter.info.architecture}`), refused: [] }
  return firstOf([true, false].map((all) => attempt(`${provider}, ${name}, ${all ? 'with its own limits' : 'with default limits'}`, async () => ({ device: await deviceOf(adapter, all), info }))))
}

const fromProvider = ({ name, load }: GpuProvider): Attempt<Acquired> =>
  chain((gpu: GPU) =>
    firstOf(
      adapterChoices.map(([choice, options]) =>
        chain((adapter: GPUAdapter) => fromAdapter(name, adapter))(
          attempt(`${name}, ${choice}`, async () => {
            const adapter = await gpu.requestAdapter(options)
            if (adapter === null) throw new Error('there is none')
            return adapter
          }),
        ),
      ),
    ),
  )(attempt(name, async () => (await load()) as GPU)) // what the platform calls a GPU object is one

const anyDevice: Attempt<Acquired> = chain(({ providers }: Places) => firstOf(providers.map(fromProvider)))(ask<Places, Refusals>())

/** @throws DeviceError that lists what was tried, and why each was refused. */
export async function acquire(places: Places = { providers: gpuProviders }): Promise<Acquired> {
  const result = await anyDevice(places)()
  if (isRight(result)) return result.right
  const tried = result.left.map((line) => `\n  ${line}`).join('')
  throw new DeviceError('init', `no WebGPU device can be had; tried, in this order:${tried}\nThe default device, 'wasm', needs none of this`)
}
