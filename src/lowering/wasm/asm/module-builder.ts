import { ByteWriter } from './byte-writer.ts'
import { encodeBody, type IndexSpace } from './encode.ts'
import { type Check, FunctionBuilder, type FunctionContext } from './function-builder.ts'
import type { FunctionRef } from './instruction.ts'
import { AssemblyError, valueTypeCode, type FunctionType, type ValueType } from './value-type.ts'

interface ModuleOptions {
  /** Looks at the code as it is emitted, as `checkStack` does; by default nobody does. */
  readonly check?: Check
  /** Admits relaxed SIMD instructions, which not every engine has. */
  readonly relaxedSimd?: boolean
  /** Sets the vector constants of loops into locals before them: see hoist-constants.ts. */
  readonly hoist?: boolean
}

/** Limits of a memory in pages of 64 KiB. A shared memory needs `max`. */
interface MemoryLimits {
  readonly min: number
  readonly max?: number
  readonly shared?: boolean
}

interface MemoryImport extends MemoryLimits { readonly module: string; readonly name: string }
interface FunctionImport extends FunctionRef { readonly module: string; readonly field: string }
interface Export { readonly name: string; readonly what: FunctionRef }

/**
 * A WebAssembly module under construction.
 *
 * @example
 * const module = new ModuleBuilder()
 * module.importMemory('env', 'memory', { min: 1 })
 * const add = module.function('add', ['i32', 'i32'], ['i32'])
 * add.get(add.param(0)).get(add.param(1)).emit('i32.add')
 * module.export('add', add)
 * new WebAssembly.Module(module.toBytes())
 */
export class ModuleBuilder {
  private readonly context: FunctionContext
  readonly types: FunctionType[] = []
  private readonly typeIndices = new Map<string, number>()
  memory: MemoryImport | null = null
  readonly imports: FunctionImport[] = []
  readonly functions: FunctionBuilder[] = []
  private readonly byName = new Map<string, FunctionRef>()
  readonly exports: Export[] = []

  constructor(options: ModuleOptions = {}) {
    this.context = {
      check: options.check ?? null,
      relaxedSimd: options.relaxedSimd ?? false,
      hoist: options.hoist ?? false,
      useType: (type) => void this.typeIndex(type),
    }
  }

  /** Whether relaxed SIMD instructions are admitted. */
  get relaxedSimd(): boolean {
    return this.context.relaxedSimd
  }

  private typeIndex(type: FunctionType): number {
    const key = `${type.params.join()}>${type.results.join()}`
    const known = this.typeIndices.get(key)
    if (known !== undefined) return known
    this.typeIndices.set(key, this.types.length)
    return this.types.push(type) - 1
  }

  private declare<F extends FunctionRef>(ref: F): F {
    if (this.byName.has(ref.name)) throw new AssemblyError(`two functions are called ${ref.name}`)
    this.byName.set(ref.name, ref)
    this.typeIndex(ref.type)
    return ref
  }

  importMemory(module: string, name: string, limits: MemoryLimits): void {
    if (this.memory) throw new AssemblyError('a module has one memory')
    if (limits.shared && limits.max === undefined) throw new AssemblyError('a shared memory needs a maximum')
    this.memory = { module, name, ...limits }
  }

  /** A function of the host. `name` is its name inside this module. */
  importFunction(module: string, field: string, params: readonly ValueType[], results: readonly ValueType[], name: string = field): FunctionRef {
    const ref: FunctionImport = this.declare({ name, type: { params, results }, module, field })
    this.imports.push(ref)
    return ref
  }

  /** Begins a function; its body may be emitted in any order with those of others. Names are unique in a module. */
  function(name: string, params: readonly ValueType[] = [], results: readonly ValueType[] = []): FunctionBuilder {
    const builder = this.declare(new FunctionBuilder(name, { params, results }, this.context))
    this.functions.push(builder)
    return builder
  }

  /** The function of this name, if there is one. */
  lookup(name: string): FunctionRef | null {
    return this.byName.get(name) ?? null
  }

  export(name: string, what: FunctionRef): void {
    this.exports.push({ name, what })
  }

  indexSpace(): IndexSpace {
    const indices = new Map<FunctionRef, number>()
    for (const ref of [...this.imports, ...this.functions]) indices.set(ref, indices.size)
    return {
      typeIndex: (type) => this.typeIndex(type),
      functionIndex: (ref) => {
        const index = indices.get(ref)
        if (index === undefined) throw new AssemblyError(`${ref.name} is not a function of this module`)
        return index
      },
    }
  }

  /** The module in the binary format. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const space = this.indexSpace()
    const bodies = new ByteWriter(1 << 16)
    const body = new ByteWriter(1 << 12)
    bodies.u32(this.functions.length)
    for (const fn of this.functions) {
      fn.end()
      body.reset()
      encodeBody(body, fn.locals.slice(fn.type.params.length), fn.code, space)
      bodies.sized(body)
    }
    const out = new ByteWriter(bodies.length + 4096)
    out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])
    const section = (id: number, count: number, write: (content: ByteWriter) => void): void => {
      if (count === 0) return
      const content = new ByteWriter()
      content.u32(count)
      write(content)
      out.byte(id)
      out.sized(content)
    }
    const valueTypes = (content: ByteWriter, types: readonly ValueType[]): void => {
      content.u32(types.length)
      for (const type of types) content.byte(valueTypeCode[type])
    }
    section(1, this.types.length, (content) => {
      for (const type of this.types) {
        content.byte(0x60)
        valueTypes(content, type.params)
        valueTypes(content, type.results)
      }
    })
    section(2, this.imports.length + (this.memory ? 1 : 0), (content) => {
      if (this.memory) {
        const { module, name, min, max, shared = false } = this.memory
        content.name(module)
        content.name(name)
        content.byte(0x02)
        content.byte((max === undefined ? 0 : 1) | (shared ? 2 : 0))
        content.u32(min)
        if (max !== undefined) content.u32(max)
      }
      for (const { module, field, type } of this.imports) {
        content.name(module)
        content.name(field)
        content.byte(0x00)
        content.u32(space.typeIndex(type))
      }
    })
    section(3, this.functions.length, (content) => {
      for (const { type } of this.functions) content.u32(space.typeIndex(type))
    })
    section(7, this.exports.length, (content) => {
      for (const { name, what } of this.exports) {
        content.name(name)
        content.byte(0x00)
        content.u32(space.functionIndex(what))
      }
    })
    if (this.functions.length > 0) {
      out.byte(10)
      out.sized(bodies)
    }
    return out.finish()
  }
}
