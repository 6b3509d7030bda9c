/** From tokens to the tree of a program, names not yet resolved. Recursive descent. */
import { SyntaxProblem, type Token, tokenize } from './tokens.ts'

export interface BinderNode {
  readonly name: string
  readonly at: string
  readonly weak: boolean
  readonly dtype: string
  readonly shape: readonly number[]
}
interface NameNode {
  readonly kind: 'name'
  readonly name: string
  readonly at: string
}
interface LiteralNode extends Omit<BinderNode, 'name'> {
  readonly kind: 'literal'
  readonly value: number | boolean
}
export type AtomNode = NameNode | LiteralNode

export type ValueNode = number | boolean | null | string | readonly ValueNode[] | ProgramNode | RecordNode

/** Classes, so that a record in the text cannot pass for a program. */
export class RecordNode {
  readonly fields: ReadonlyMap<string, ValueNode>
  constructor(fields: ReadonlyMap<string, ValueNode>) {
    this.fields = fields
  }
}
export class ProgramNode {
  readonly constVars: readonly BinderNode[]
  readonly inputs: readonly BinderNode[]
  readonly equations: readonly EquationNode[]
  readonly outputs: readonly AtomNode[]
  constructor(constVars: readonly BinderNode[], inputs: readonly BinderNode[], equations: readonly EquationNode[], outputs: readonly AtomNode[]) {
    this.constVars = constVars
    this.inputs = inputs
    this.equations = equations
    this.outputs = outputs
  }
}
export interface EquationNode {
  readonly primitive: string
  readonly at: string
  readonly params: RecordNode
  readonly inputs: readonly AtomNode[]
  readonly outputs: readonly BinderNode[]
}

/** @throws SyntaxProblem at the first token that does not fit. */
export function parseSyntax(text: string): ProgramNode {
  const reader = new Reader(tokenize(text))
  const program = reader.program()
  reader.expectEnd()
  return program
}

const constants: ReadonlyMap<string, boolean | null | number> = new Map<string, boolean | null | number>([
  ['True', true],
  ['False', false],
  ['None', null],
  ['inf', Infinity],
  ['nan', NaN],
])

/** Programs and tuples inside each other, at most: the reader recurses. */
const deepest = 200

class Reader {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  program(): ProgramNode {
    this.#mark('{')
    this.#mark('lambda')
    const constVars = this.#binders()
    this.#mark(';')
    const inputs = this.#binders()
    this.#mark('.')
    this.#mark('let')
    const equations: EquationNode[] = []
    while (!this.#is('in')) {
      equations.push(this.#equation())
      if (this.#is(';')) this.#take()
    }
    this.#take()
    const outputs = this.#list('(', ')', () => this.#atom())
    this.#mark('}')
    return new ProgramNode(constVars, inputs, equations, outputs)
  }

  expectEnd(): void {
    if (this.#peek().kind !== 'end') throw this.#unexpected('the end')
  }

  #equation(): EquationNode {
    const outputs = this.#binders()
    this.#mark('=')
    const { text: primitive, at } = this.#token('word', "a primitive's name")
    const params = this.#is('[') ? this.#record('[', ']') : new RecordNode(new Map())
    const inputs: AtomNode[] = []
    while (this.#startsAtom()) inputs.push(this.#atom())
    return { primitive, at, params, inputs, outputs }
  }

  /** A name, but not the next equation's first result, which has a type after it. */
  #startsAtom(): boolean {
    const { kind, text } = this.#peek()
    if (kind === 'number') return true
    if (kind !== 'word' || text === 'in') return false
    return constants.has(text) || this.#peek(1).text !== ':'
  }

  #binders(): BinderNode[] {
    const binders: BinderNode[] = []
    while (this.#peek().kind === 'word') {
      const { text: name, at } = this.#take()
      binders.push({ name, at, ...this.#type() })
    }
    return binders
  }

  #type(): Pick<BinderNode, 'weak' | 'dtype' | 'shape'> {
    this.#mark(':')
    const weak = this.#is('~')
    if (weak) this.#take()
    const dtype = this.#token('word', 'a dtype').text
    const shape = this.#list('[', ']', () => Number(this.#token('number', 'a size').text))
    return { weak, dtype, shape }
  }

  #atom(): AtomNode {
    const { kind, text, at } = this.#take()
    const value = kind === 'number' ? Number(text.replace('inf', 'Infinity')) : constants.get(text)
    if (typeof value === 'number' || typeof value === 'boolean') return { kind: 'literal', value, at, ...this.#type() }
    if (kind === 'word') return { kind: 'name', name: text, at }
    throw new SyntaxProblem(`${at}: got '${text}' where a variable or a literal was expected`)
  }

  #value(): ValueNode {
    const { kind, text, at } = this.#peek()
    if (++this.#depth > deepest) throw new SyntaxProblem(`${at}: nested deeper than ${deepest}`)
    try {
      if (text === '(') return this.#list('(', ')', () => this.#value())
      if (text === '{') return this.#peek(1).text === 'lambda' ? this.program() : this.#record('{', '}')
      if (kind === 'mark' || kind === 'end') throw this.#unexpected('a value')
      this.#take()
      if (kind === 'number') return Number(text.replace('inf', 'Infinity'))
      if (kind === 'string') return unquote(text, at)
      const constant = constants.get(text)
      return constant === undefined ? text : constant
    } finally {
      this.#depth--
    }
  }

  #record(open: string, close: string): RecordNode {
    const fields = new Map<string, ValueNode>()
    this.#mark(open)
    while (!this.#is(close)) {
      const { text: name } = this.#token('word', "a parameter's name")
      this.#mark('=')
      fields.set(name, this.#value())
    }
    this.#take()
    return new RecordNode(fields)
  }

  #list<T>(open: string, close: string, item: () => T): T[] {
    const items: T[] = []
    this.#mark(open)
    while (!this.#is(close)) {
      items.push(item())
      if (!this.#is(close)) this.#mark(',')
    }
    this.#take()
    return items
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!
  }
  #take(): Token {
    const token = this.#peek()
    this.#next++
    return token
  }
  #is(text: string): boolean {
    const token = this.#peek()
    return token.text === text && token.kind !== 'string' && token.kind !== 'end'
  }
  #mark(text: string): void {
    if (!this.#is(text)) throw this.#unexpected(`'${text}'`)
    this.#take()
  }
  #token(kind: Token['kind'], what: string): Token {
    if (this.#peek().kind !== kind) throw this.#unexpected(what)
    return this.#take()
  }
  #unexpected(expected: string): SyntaxProblem {
    const { text, at } = this.#peek()
    return new SyntaxProblem(`${at}: got '${text}' where ${expected} was expected`)
  }
}

function unquote(text: string, at: string): string {
  try {
    return JSON.parse(text) as string
  } catch {
    throw new SyntaxProblem(`${at}: ${text} is no JSON string`)
  }
}
