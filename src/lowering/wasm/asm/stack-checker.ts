import type { Check, FunctionBuilder } from './function-builder.ts'
import type { FunctionRef, Instruction } from './instruction.ts'
import { AssemblyError, type FunctionType, type ValueType } from './value-type.ts'

interface Frame {
  readonly kind: 'function' | 'block' | 'loop' | 'if'
  readonly results: readonly ValueType[]
  /** Types that a branch to this frame carries: a loop's parameters (none here), anything else's results. */
  readonly branch: readonly ValueType[]
  readonly height: number
  unreachable: boolean
}

/**
 * The validation algorithm of the specification's appendix, run while code is emitted, so that a fault shows at the line of
 * the emitter that made it and not as an offset in a binary.
 */
class StackChecker {
  private readonly stack: ValueType[] = []
  private readonly frames: Frame[] = []
  private readonly fn: FunctionBuilder

  constructor(fn: FunctionBuilder) {
    this.fn = fn
    const { results } = fn.type
    this.frames.push({ kind: 'function', results, branch: results, height: 0, unreachable: false })
  }

  check({ op, a, payload }: Instruction): void {
    switch (op.kind) {
      case 'i32':
      case 'i64':
      case 'f32':
      case 'f64':
        return this.push([op.kind])
      case 'bytes':
        if (op.name === 'i8x16.shuffle') this.pop(['v128', 'v128'], op.name)
        return this.push(['v128'])
      case 'local':
        return this.variable(op.name, this.fn.locals[a]!)
      case 'block':
        if (op.name === 'if') this.pop(['i32'], op.name)
        return this.enter(op.name as 'block' | 'loop' | 'if', (payload as FunctionType).results) // the three instructions of this kind
      case 'table':
        this.pop(['i32'], op.name)
        for (const depth of payload as readonly number[]) this.branch(depth, true, op.name)
        return this.leaveBy(a, op.name)
      case 'function':
        return this.call((payload as FunctionRef).type, `call of ${(payload as FunctionRef).name}`)
      case 'index':
        if (op.name === 'br') return this.leaveBy(a, op.name)
        this.pop(['i32'], op.name)
        return this.branch(a, true, op.name)
      case 'none':
      case 'memory':
      case 'memoryLane':
      case 'lane':
      case 'zeros':
        return this.plain(op)
    }
  }

  private plain({ name, params, results }: Instruction['op']): void {
    switch (name) {
      case 'drop':
        return void this.popAny(name)
      case 'select':
        return this.select()
      case 'else':
        return this.otherwise()
      case 'end':
        return this.leave(`end of ${this.top().kind}`)
      case 'return':
        this.pop(this.frames[0]?.results ?? this.fail(name), name)
        return this.unreachable()
      case 'unreachable':
        return this.unreachable()
      default:
        this.pop(params, name)
        return this.push(results)
    }
  }

  private variable(name: string, { type, name: variable }: { readonly type: ValueType; readonly name: string }): void {
    if (!name.endsWith('get')) this.pop([type], `${name} of ${variable}`)
    if (!name.endsWith('set')) this.push([type])
  }

  private call({ params, results }: FunctionType, what: string): void {
    this.pop(params, what)
    this.push(results)
  }

  /** A branch that is always taken. */
  private leaveBy(depth: number, what: string): void {
    this.branch(depth, false, what)
    this.unreachable()
  }

  private fail(what: string): never {
    throw new AssemblyError(`${this.fn.name}: ${what}; stack: [${this.stack.join(' ')}]`)
  }

  private top(): Frame {
    return this.frames.at(-1) ?? this.fail('code after the end of the function')
  }

  private push(types: readonly ValueType[]): void {
    for (const type of types) this.stack.push(type)
  }

  /** Takes one value of any type; `null` where code cannot be reached and the stack is polymorphic. */
  private popAny(what: string): ValueType | null {
    const frame = this.top()
    if (this.stack.length > frame.height) return this.stack.pop() ?? null
    if (frame.unreachable) return null
    return this.fail(`${what} finds an empty stack`)
  }

  private pop(types: readonly ValueType[], what: string): void {
    for (let i = types.length - 1; i >= 0; i--) {
      const found = this.popAny(what)
      if (found !== null && found !== types[i]) this.fail(`${what} wants ${types[i]} as operand ${i}, not ${found}`)
    }
  }

  private select(): void {
    this.pop(['i32'], 'select')
    const a = this.popAny('select')
    const b = this.popAny('select')
    if (a !== null && b !== null && a !== b) this.fail(`select between ${b} and ${a}`)
    const type = a ?? b
    if (type !== null) this.stack.push(type)
  }

  private enter(kind: 'block' | 'loop' | 'if', results: readonly ValueType[]): void {
    this.frames.push({ kind, results, branch: kind === 'loop' ? [] : results, height: this.stack.length, unreachable: false })
  }

  /** Ends a frame: exactly its results must be left. */
  private leave(what: string): void {
    const frame = this.top()
    this.pop(frame.results, what)
    if (this.stack.length !== frame.height) this.fail(`${what} leaves ${this.stack.length - frame.height} values too many`)
    this.frames.pop()
    this.push(frame.results)
  }

  private otherwise(): void {
    const { results } = this.top()
    this.leave('else')
    this.pop(results, 'else')
    this.enter('if', results)
  }

  private branch(depth: number, conditional: boolean, what: string): void {
    const frame = this.frames.at(-1 - depth) ?? this.fail(`${what} to depth ${depth}`)
    this.pop(frame.branch, what)
    if (conditional) this.push(frame.branch)
  }

  private unreachable(): void {
    const frame = this.top()
    this.stack.length = frame.height
    frame.unreachable = true
  }
}

/** For `new ModuleBuilder({ check: checkStack })`. */
export const checkStack: Check = (fn) => {
  const checker = new StackChecker(fn)
  return (instruction) => checker.check(instruction)
}
