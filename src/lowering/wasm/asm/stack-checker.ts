import { AssemblyError, type FunctionType, type ValueType } from './value-type.ts'

interface Frame {
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
export class StackChecker {
  private readonly stack: ValueType[] = []
  private readonly frames: Frame[] = []
  private readonly name: string

  constructor(name: string, type: FunctionType) {
    this.name = name
    this.frames.push({ results: type.results, branch: type.results, height: 0, unreachable: false })
  }

  private fail(what: string): never {
    throw new AssemblyError(`${this.name}: ${what}; stack: [${this.stack.join(' ')}]`)
  }

  private top(): Frame {
    return this.frames.at(-1) ?? this.fail('code after the end of the function')
  }

  push(types: readonly ValueType[]): void {
    for (const type of types) this.stack.push(type)
  }

  /** Takes one value of any type; `null` where code cannot be reached and the stack is polymorphic. */
  popAny(what: string): ValueType | null {
    const frame = this.top()
    if (this.stack.length > frame.height) return this.stack.pop() ?? null
    if (frame.unreachable) return null
    return this.fail(`${what} finds an empty stack`)
  }

  pop(types: readonly ValueType[], what: string): void {
    for (let i = types.length - 1; i >= 0; i--) {
      const found = this.popAny(what)
      if (found !== null && found !== types[i]) this.fail(`${what} wants ${types[i]} as operand ${i}, not ${found}`)
    }
  }

  select(): void {
    this.pop(['i32'], 'select')
    const a = this.popAny('select')
    const b = this.popAny('select')
    if (a !== null && b !== null && a !== b) this.fail(`select between ${b} and ${a}`)
    const type = a ?? b
    if (type !== null) this.stack.push(type)
  }

  enter(kind: 'block' | 'loop' | 'if', results: readonly ValueType[]): void {
    this.frames.push({ results, branch: kind === 'loop' ? [] : results, height: this.stack.length, unreachable: false })
  }

  /** Ends a frame: exactly its results must be left. */
  leave(what: string): void {
    const frame = this.top()
    this.pop(frame.results, what)
    if (this.stack.length !== frame.height) this.fail(`${what} leaves ${this.stack.length - frame.height} values too many`)
    this.frames.pop()
    this.push(frame.results)
  }

  otherwise(): void {
    const { results } = this.top()
    this.leave('else')
    this.pop(results, 'else')
    this.enter('if', results)
  }

  branch(depth: number, conditional: boolean, what: string): void {
    const frame = this.frames.at(-1 - depth) ?? this.fail(`${what} to depth ${depth}`)
    this.pop(frame.branch, what)
    if (conditional) this.push(frame.branch)
  }

  return(): void {
    const frame = this.frames[0] ?? this.fail('return')
    this.pop(frame.results, 'return')
    this.unreachable()
  }

  unreachable(): void {
    const frame = this.top()
    this.stack.length = frame.height
    frame.unreachable = true
  }
}
