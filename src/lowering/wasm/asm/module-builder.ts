import { ByteWriter } from './byte-writer.ts'
import { encodeBody, type IndexSpace } from './encode.ts'
import { type Check, FunctionBuilder, type FunctionContext } from './function-builder.ts'
import type { FunctionRef, Global } from './instruction.ts'
import { AssemblyError, valueTypeCode, type FunctionType, type ValueType } from './value-type.ts'

export interface ModuleOptions {
  /** Looks at the code as it is emitted, as `checkStack` does; by default nobody does. */
  readonly check?: Check
  /** Admits relaxed SIMD instructions, which not every engine has. */
  readonly relaxedSimd?: boolean
  /** Sets the vector constants of loops into locals before them: see hoist-constants.ts. */
  readonly hoist?: boolean
}

/** Limits of a memory in pages of 64 KiB. A shared memory needs `max`. */
export interface MemoryLimits {
  readonly min: number
  readonly max?: number
  readonly shared?: boolean
}

interface MemoryImport extends MemoryLimits { readonly module: string; readonly name: string }
interface FunctionImport extends FunctionRef { readonly module: string; readonly field: string }
interface GlobalDefinition extends Global { readonly init: number | bigint }
interface Export { readonly name: string; readonly what: FunctionRef | Global | 'table' }
interface DataSegment { readonly offset: number; readonly bytes: Uint8Array }

const emptyVector = new Uint8Array(16)

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
  readonly globals: GlobalDefinition[] = []
  readonly exports: Export[] = []
  readonly segments: DataSegment[] = []
  tableEntries: readonly FunctionRef[] = []

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

  global(name: string, type: ValueType, mutable: boolean, init: number | bigint = 0): Global {
    const global: GlobalDefinition = { index: this.globals.length, type, mutable, name, init }
    this.globals.push(global)
    return global
  }

  export(name: string, what: FunctionRef | Global): void {
    this.exports.push({ name, what })
  }

  /** The module's one table, for `callIndirect`; with a name, it is exported as well. */
  table(entries: readonly FunctionRef[], exportName?: string): void {
    this.tableEntries = entries
    if (exportName !== undefined) this.exports.push({ name: exportName, what: 'table' })
  }

  /** Bytes written to memory at `offset` on instantiation, in every thread that instantiates the module. */
  data(offset: number, bytes: Uint8Array): void {
    this.segments.push({ offset, bytes })
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
    const entries = this.tableEntries
    section(4, entries.length > 0 ? 1 : 0, (content) => {
      content.bytes([0x70, 0x01])
      content.u32(entries.length)
      content.u32(entries.length)
    })
    section(6, this.globals.length, (content) => {
      for (const global of this.globals) {
        content.byte(valueTypeCode[global.type])
        content.byte(global.mutable ? 1 : 0)
        encodeInitial(content, global)
        content.byte(0x0b)
      }
    })
    section(7, this.exports.length, (content) => {
      for (const { name, what } of this.exports) {
        content.name(name)
        content.byte(what === 'table' ? 0x01 : isGlobal(what) ? 0x03 : 0x00)
        content.u32(what === 'table' ? 0 : isGlobal(what) ? what.index : space.functionIndex(what))
      }
    })
    section(9, entries.length > 0 ? 1 : 0, (content) => {
      content.bytes([0x00, 0x41, 0x00, 0x0b])
      content.u32(entries.length)
      for (const ref of entries) content.u32(space.functionIndex(ref))
    })
    if (this.functions.length > 0) {
      out.byte(10)
      out.sized(bodies)
    }
    section(11, this.segments.length, (content) => {
      for (const { offset, bytes } of this.segments) {
        content.bytes([0x00, 0x41])
        content.s32(offset)
        content.byte(0x0b)
        content.u32(bytes.length)
        content.bytes(bytes)
      }
    })
    return out.finish()
  }
}

export const isGlobal = (what: FunctionRef | Global): what is Global => 'mutable' in what

const encodeInitial = (out: ByteWriter, { type, init }: GlobalDefinition): void => {
  switch (type) {
    case 'i32':
      out.byte(0x41)
      return out.s32(Number(init))
    case 'i64':
      out.byte(0x42)
      return out.s64(BigInt(init))
    case 'f32':
      out.byte(0x43)
      return out.f32(Number(init))
    case 'f64':
      out.byte(0x44)
      return out.f64(Number(init))
    case 'v128':
      out.bytes([0xfd, 0x0c])
      return out.bytes(emptyVector)
  }
}
