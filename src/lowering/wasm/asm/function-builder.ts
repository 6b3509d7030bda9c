import { hoistConstants } from './hoist-constants.ts'
import type { FunctionRef, Instruction, Local, Payload } from './instruction.ts'
import { LocalPool } from './local-pool.ts'
import { opcode, type BulkName, type ImmediateName, type LaneName, type MemoryLaneName, type MemoryName, type Opcode, type PlainName } from './opcodes.ts'
import { AssemblyError, type FunctionType, type ValueType } from './value-type.ts'
import { f32x4Bytes, i32x4Bytes, shuffleBytes } from './vector-bytes.ts'

/** The target of a branch: the end of a block or `if`, the head of a loop. */
export interface Label {
  readonly depth: number
}

/** Looks at each instruction of a function as it is emitted, and at the function's `end`. */
export type Check = (fn: FunctionBuilder) => (instruction: Instruction) => void

/** What a function needs of its module while code is emitted. */
export interface FunctionContext {
  readonly check: Check | null
  readonly relaxedSimd: boolean
  readonly hoist: boolean
  /** Makes sure that the module's type section holds this type. */
  readonly useType: (type: FunctionType) => void
}

const none: readonly ValueType[] = []

/**
 * Emits one function, instruction by instruction, in stack order; every call returns the builder.
 *
 * @example
 * const fn = module.function('axpy', ['i32', 'v128'], ['v128'])
 * fn.get(fn.param(0)).mem('v128.load').get(fn.param(1)).emit('f32x4.mul')
 */
export class FunctionBuilder implements FunctionRef {
  readonly name: string
  readonly type: FunctionType
  /** The body so far, without its final `end`. */
  code: Instruction[] = []
  /** Parameters first, then locals in the order in which they were made. */
  readonly locals: Local[]
  private readonly context: FunctionContext
  private readonly check: ((instruction: Instruction) => void) | null
  private readonly pool: LocalPool
  private depth = 0
  private ended = false

  constructor(name: string, type: FunctionType, context: FunctionContext) {
    this.name = name
    this.type = type
    this.context = context
    this.pool = new LocalPool(name, type.params)
    this.locals = this.pool.all
    this.check = context.check?.(this) ?? null
  }

  private append(op: Opcode, a = 0, b = 0, payload: Payload = null): this {
    const instruction = { op, a, b, payload }
    this.check?.(instruction)
    this.code.push(instruction)
    return this
  }

  private control(name: ImmediateName, a = 0, payload: Payload = null): this {
    return this.append(opcode(name), a, 0, payload)
  }

  /** Parameter number `index`. */
  param(index: number): Local {
    const local = this.locals[index]
    if (!local || index >= this.type.params.length) throw new AssemblyError(`${this.name} has ${this.type.params.length} parameters; no number ${index}`)
    return local
  }

  /** A local of this type: a freed one where there is one. It holds whatever was in it, so set it before reading it. */
  local(type: ValueType, name: string = type[0] ?? ''): Local {
    return this.pool.take(type, name)
  }

  /** Gives locals back for reuse; reading them afterwards is a fault. Inside `scope` this happens by itself. */
  free(...locals: readonly Local[]): this {
    for (const local of locals) this.pool.free(local)
    return this
  }

  /** Runs `body` and frees every local made in it. */
  scope(body: () => void): this {
    this.pool.scope(body)
    return this
  }

  get(local: Local): this {
    return this.control('local.get', local.index)
  }

  set(local: Local): this {
    return this.control('local.set', local.index)
  }

  tee(local: Local): this {
    return this.control('local.tee', local.index)
  }

  /** Any instruction without immediates: `fn.emit('f32x4.add')`. */
  emit(name: PlainName): this {
    const op = opcode(name)
    if (op.relaxed && !this.context.relaxedSimd) throw new AssemblyError(`${this.name}: ${name} in a module built without relaxedSimd`)
    return this.append(op)
  }

  /** A load, store or atomic at the address on the stack plus `offset`; `align` in bytes, by default the natural one. */
  mem(name: MemoryName, offset = 0, align = 0): this {
    const op = opcode(name)
    return this.append(op, offset, align || op.size)
  }

  /** A load or store of one lane of a vector. */
  memLane(name: MemoryLaneName, lane: number, offset = 0): this {
    const op = opcode(name)
    if (lane < 0 || lane * op.size >= 16) throw new AssemblyError(`${this.name}: ${name} of lane ${lane}`)
    return this.append(op, offset, lane)
  }

  /** `extract_lane` and `replace_lane`. */
  lane(name: LaneName, lane: number): this {
    const op = opcode(name)
    if (lane < 0 || lane >= op.size) throw new AssemblyError(`${this.name}: ${name} of lane ${lane}`)
    return this.append(op, lane)
  }

  /** `memory.copy`, `memory.fill` (destination, source or value, bytes on the stack), `memory.size`, `memory.grow`, `atomic.fence`. */
  bulk(name: BulkName): this {
    return this.append(opcode(name))
  }

  /** Sixteen bytes chosen from the thirty-two of two vectors. */
  shuffle(lanes: readonly number[]): this {
    if (lanes.length !== 16 || lanes.some((lane) => lane < 0 || lane > 31)) throw new AssemblyError(`${this.name}: i8x16.shuffle of [${lanes.join(' ')}]`)
    return this.control('i8x16.shuffle', 0, Uint8Array.from(lanes))
  }

  /** Four 32-bit lanes chosen from the eight of two vectors. */
  shuffle32(a: number, b: number, c: number, d: number): this {
    if (((a | b | c | d) & ~7) !== 0) throw new AssemblyError(`${this.name}: shuffle of 32-bit lanes [${a} ${b} ${c} ${d}]`)
    return this.control('i8x16.shuffle', 0, shuffleBytes(a, b, c, d))
  }

  i32(value: number): this {
    return this.control('i32.const', value | 0)
  }

  i64(value: bigint): this {
    return this.control('i64.const', 0, BigInt.asIntN(64, value))
  }

  f32(value: number): this {
    return this.control('f32.const', Math.fround(value))
  }

  f64(value: number): this {
    return this.control('f64.const', value)
  }

  /** A vector constant from its sixteen bytes. */
  v128(bytes: Uint8Array): this {
    return this.control('v128.const', 0, bytes)
  }

  f32x4(value: number): this {
    return this.v128(f32x4Bytes(value))
  }

  f64x2(value: number): this {
    return this.v128(new Uint8Array(Float64Array.of(value, value).buffer))
  }

  i32x4(a: number, b: number = a, c: number = a, d: number = a): this {
    return this.v128(i32x4Bytes(a, b, c, d))
  }

  i64x2(value: bigint): this {
    const wrapped = BigInt.asIntN(64, value)
    return this.v128(new Uint8Array(BigInt64Array.of(wrapped, wrapped).buffer))
  }

  drop(): this {
    return this.control('drop')
  }

  /** Of two values below a condition: the first where the condition is not zero. */
  select(): this {
    return this.control('select')
  }

  unreachable(): this {
    return this.control('unreachable')
  }

  return(): this {
    return this.control('return')
  }

  private enter(kind: 'block' | 'loop' | 'if', results: readonly ValueType[]): Label {
    const type: FunctionType = { params: none, results }
    if (results.length > 1) this.context.useType(type)
    this.control(kind, 0, type)
    this.depth++
    return { depth: this.depth }
  }

  private leave(): this {
    this.depth--
    return this.control('end')
  }

  /** `fn.block((done) => { …; fn.brIf(done); … })`: a branch to the label goes to the end. */
  block(body: (label: Label) => void, results: readonly ValueType[] = none): this {
    body(this.enter('block', results))
    return this.leave()
  }

  /** A branch to the label goes back to the head; falling off the end leaves the loop. */
  loop(body: (label: Label) => void, results: readonly ValueType[] = none): this {
    body(this.enter('loop', results))
    return this.leave()
  }

  /** Takes an i32 condition off the stack. */
  if(then: (label: Label) => void, otherwise: ((label: Label) => void) | null = null, results: readonly ValueType[] = none): this {
    const label = this.enter('if', results)
    then(label)
    if (otherwise) {
      this.control('else')
      otherwise(label)
    } else if (results.length > 0) throw new AssemblyError(`${this.name}: an if with results needs its other branch`)
    return this.leave()
  }

  private distance(label: Label): number {
    const distance = this.depth - label.depth
    if (distance < 0) throw new AssemblyError(`${this.name}: a branch to a label outside of its body`)
    return distance
  }

  br(label: Label): this {
    const depth = this.distance(label)
    return this.control('br', depth)
  }

  brIf(label: Label): this {
    const depth = this.distance(label)
    return this.control('br_if', depth)
  }

  /** Branches to `labels[i]` for the i32 on the stack, to `fallback` past their end. */
  brTable(labels: readonly Label[], fallback: Label): this {
    const depths = labels.map((label) => this.distance(label))
    const last = this.distance(fallback)
    return this.control('br_table', last, depths)
  }

  call(target: FunctionRef): this {
    return this.control('call', 0, target)
  }

  private operand(value: Local | number): this {
    return typeof value === 'number' ? this.i32(value) : this.get(value)
  }

  /**
   * `for (i = start; i < end; i += step) body()`, with the comparison unsigned, because addresses reach 4 GiB: an `end` such
   * as n - 3 must not wrap below zero. `i` ends as the first value that is not below `end`. The label leaves the loop.
   */
  forLoop(i: Local, start: Local | number, end: Local | number, step: Local | number, body: (done: Label) => void): this {
    return this.operand(start).set(i).block((done) => {
      this.get(i).operand(end).emit('i32.ge_u').brIf(done)
      this.loop((head) => {
        body(done)
        this.get(i).operand(step).emit('i32.add').tee(i)
        this.operand(end).emit('i32.lt_u').brIf(head)
      })
    })
  }

  /** Ends the body; the module calls it when it is written. */
  end(): void {
    if (this.ended) return
    if (this.depth !== 0) throw new AssemblyError(`${this.name}: a block is open at the end`)
    this.ended = true
    this.check?.({ op: opcode('end'), a: 0, b: 0, payload: null })
    if (this.context.hoist) this.code = hoistConstants(this.code, this.locals)
  }
}
