/**
 * Evaluation of primitives on concrete arrays: the bottom of the interpreter stack.
 *
 * An eager operation is a program of one equation, compiled once for its primitive, parameters and operand types.
 * Literals become scalar operands, so that `x * 2` and `x * 3` are one program.
 */
import { evalAvals } from './abstract-eval/index.ts'
import { DeviceArray, type NDArray } from './array.ts'
import { aval, type Aval, showType, sizeOf } from './aval.ts'
import { scalarBytes } from './bytes.ts'
import { backendFor, backendOf, defaultDevice, readArray } from './devices.ts'
import type { DeviceName } from './device-name.ts'
import { DeviceError, InternalError, OutOfMemoryError } from './errors.ts'
import { eqn, type Jaxpr, Literal, Var } from './jaxpr.ts'
import { avalKey, paramKey } from './jaxpr-key.ts'
import { Lru } from './lru.ts'
import type { Primitive, PrimitiveParams } from './primitives/index.ts'
import type { Backend, Executable, Storage } from './storage.ts'
import type { Value } from './trace.ts'
import { watching } from './watching.ts'

interface Compiled {
  readonly executable: Executable
  readonly avals: readonly Aval[]
}

/** What one backend has compiled. */
interface Programs {
  readonly eager: Lru<string, Compiled>
  /** By identity, so that a call needs no key; what a backend compiled for an equal jaxpr it gives again. */
  readonly jitted: Lru<Jaxpr, Compiled>
}
const programs = new WeakMap<Backend, Programs>()

function programsOf(backend: Backend): Programs {
  let known = programs.get(backend)
  if (known === undefined) {
    known = { eager: new Lru({ count: 4096, bytes: 32 * 2 ** 20 }), jitted: new Lru({ count: 4096, bytes: 64 * 2 ** 20 }) }
    programs.set(backend, known)
  }
  return known
}

/** How many calls of compiled programs were made: `jit` under `grad` is two. Read by tests. */
export const counters: { jitCalls: number; eagerCalls: number; eagerCompiles: number } = { jitCalls: 0, eagerCalls: 0, eagerCompiles: 0 }

export function evaluate<P extends Primitive>(primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): NDArray[] {
  if (isJit(primitive, params)) return callJit(params, inputs, null)
  const outputs = evaluateOperation(primitive, inputs, params)
  watching()?.inspect(primitive, params, inputs, outputs, evaluate)
  return outputs
}

function evaluateOperation<P extends Primitive>(primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): NDArray[] {
  counters.eagerCalls++
  const device = deviceOf(primitive, inputs, null)
  const alias = aliased(primitive, inputs, params)
  if (alias !== null) return alias
  const { eager } = programsOf(backendOf(device, primitive))
  const key = `${primitive}|${paramKey(params)}|${inputs.map((v) => avalKey(v.aval)).join('|')}`
  let compiled = eager.get(key)
  if (compiled === undefined) {
    counters.eagerCompiles++
    compiled = compile(device, primitive, inputs, params)
    eager.set(key, compiled, compiled.executable.codeBytes)
  }
  return run(compiled.executable, compiled.avals, primitive, inputs, device, null)
}

/**
 * Runs a program on concrete operands. `donated[i]` gives operand i's memory away; its handle is disposed.
 */
export function callJit({ name, jaxpr, device }: PrimitiveParams['jit'], inputs: readonly Value[], donated: readonly boolean[] | null): NDArray[] {
  counters.jitCalls++
  const on = deviceOf('jit', inputs, device)
  const { executable, avals } = compiledOf(jaxpr, on)
  const watcher = watching()
  if (watcher === null) return run(executable, avals, 'jit', inputs, on, donated)
  // What is given away is needed once more if the results hold a NaN.
  const outputs = run(executable, avals, 'jit', inputs, on, null)
  watcher.inspectProgram(name, jaxpr, inputs, outputs, evaluate)
  for (const [i, v] of inputs.entries()) if (donated?.[i] === true && !(v instanceof Literal)) v.dispose()
  return outputs
}

/** The compiled form of a jaxpr on a device; compiled at the first request, and again where it was not used for long. */
function compiledOf(jaxpr: Jaxpr, device: DeviceName): Compiled {
  const { jitted } = programsOf(backendOf(device, 'jit'))
  let compiled = jitted.get(jaxpr)
  if (compiled === undefined) {
    compiled = { executable: compiledBy(device, 'jit', jaxpr), avals: jaxpr.outputs.map((o) => o.aval) }
    jitted.set(jaxpr, compiled, compiled.executable.codeBytes)
  }
  return compiled
}

function run(
  executable: Executable,
  avals: readonly Aval[],
  operation: string,
  inputs: readonly Value[],
  device: DeviceName,
  donated: readonly boolean[] | null,
): NDArray[] {
  const backend = backendOf(device, operation)
  const placed = isPlaced(operation, inputs)
  const storages = inputs.map((v) => (v instanceof Literal ? backend.literal(scalarBytes(v.value, v.aval.dtype)) : brought(v.concrete(operation), device, operation)))
  const given = donated?.map((d, i) => d && !storages[i]!.shared && storages.indexOf(storages[i]!) === storages.lastIndexOf(storages[i]!))
  const outputs = called(executable, storages, given, operation, inputs, avals)
  if (donated !== null) {
    // One handle may stand in two places: it is resolved everywhere before it is let go anywhere.
    const handles = inputs.map((v) => (v instanceof Literal ? null : v.concrete(operation)))
    handles.forEach((array, i) => {
      if (donated[i] !== true || array === null) return
      // Memory that became an output's, or that the program took, is not this handle's to return.
      if (given?.[i] === true && array.device === device) array.donate()
      else if (!array.disposed) array.dispose()
    })
  }
  return outputs.map((s, i) => new DeviceArray(avals[i]!, s, placed))
}

function called(executable: Executable, storages: readonly Storage[], given: readonly boolean[] | undefined, operation: string, inputs: readonly Value[], avals: readonly Aval[]): Storage[] {
  try {
    return executable.call(storages, given)
  } catch (e) {
    throw saidOf(operation, inputs, avals, e)
  }
}

const isPlaced = (operation: string, inputs: readonly Value[]): boolean => inputs.some((v) => !(v instanceof Literal) && v.concrete(operation).placed)

/** The bytes of an array that follows others to their device. */
function brought(x: DeviceArray, device: DeviceName, operation: string): Storage {
  const storage = x.storage(operation)
  return storage.device === device ? storage : backendFor(device, x.dtype, operation).put(readArray(x, operation))
}

function compile<P extends Primitive>(device: DeviceName, primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): Compiled {
  const vars = inputs.map((v) => new Var(v.aval))
  const avals = evalAvals(primitive, inputs.map((v) => v.aval), params)
  const outputs = avals.map((a) => new Var(a))
  const jaxpr: Jaxpr = { constVars: [], inputs: vars, equations: [eqn(primitive, params, vars, outputs)], outputs }
  return { executable: compiledBy(device, primitive, jaxpr), avals }
}

function compiledBy(device: DeviceName, operation: string, jaxpr: Jaxpr): Executable {
  try {
    return backendOf(device, operation).compile(jaxpr)
  } catch (e) {
    throw saidOf(operation, jaxpr.inputs, jaxpr.outputs.map((v) => v.aval), e)
  }
}

/** A device that has no room knows bytes; who asked knows the operation and the types. */
function saidOf(operation: string, inputs: readonly { readonly aval: Aval }[], outputs: readonly Aval[], e: unknown): unknown {
  if (!(e instanceof OutOfMemoryError)) return e
  return new OutOfMemoryError(operation, `(${inputs.map((v) => showType(v.aval)).join(', ')}) -> ${outputs.map(showType).join(', ')} ${e.message.slice(e.operation.length + 2)}`)
}

/** Operations that give the same bytes another type: a second handle on the storage, and no program. */
function aliased<P extends Primitive>(primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): NDArray[] | null {
  if (primitive !== 'reshape' && primitive !== 'stopGradient' && primitive !== 'optimizationBarrier') return null
  const avals = evalAvals(primitive, inputs.map((v) => v.aval), params)
  const out: NDArray[] = []
  for (const [i, v] of inputs.entries()) {
    if (v instanceof Literal) return null
    const array = v.concrete(primitive)
    const storage = array.storage(primitive)
    storage.markShared()
    out.push(new DeviceArray(avals[i]!, storage, array.placed))
  }
  return out
}

/** Where to compute: as asked, else where placed arrays are, else where the others are. */
function deviceOf(operation: string, inputs: readonly Value[], asked: DeviceName | null): DeviceName {
  let found: DeviceName | null = asked
  let other: DeviceName | null = null
  for (const v of inputs) {
    if (v instanceof Literal) continue
    const { device: d, placed } = v.concrete(operation)
    if (!placed) other ??= d
    else if (found === null) found = d
    else if (found !== d) {
      throw new DeviceError(operation, `got arrays on '${found}' and on '${d}'; move one with devicePut(x, '${found}') first`)
    }
  }
  return found ?? other ?? defaultDevice()
}

const isJit = (primitive: Primitive, params: PrimitiveParams[Primitive]): params is PrimitiveParams['jit'] => primitive === 'jit' && 'jaxpr' in params

/** A scalar array for a number written in a program. */
export function materialize(v: Literal, device?: DeviceName): DeviceArray {
  if (sizeOf(v.aval.shape) !== 1) throw new InternalError('literal', 'is not a scalar')
  return new DeviceArray(aval([], v.aval.dtype, v.aval.weakType), backendOf(device ?? defaultDevice()).put(scalarBytes(v.value, v.aval.dtype)), device !== undefined)
}
