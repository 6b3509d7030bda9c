/** Words, numbers, strings and marks of a jaxpr's text, with their places. */

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'mark' | 'end'
  readonly text: string
  /** Line and column, from 1. */
  readonly at: string
}

/** What is wrong with the form of a text: the reader stops there. */
export class SyntaxProblem extends Error {}

const pattern = /\s*(?:([A-Za-z_]\w*(?:<\w+>)?)|(-?inf\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*")|([{}[\](),;:.=~]))/y

/** @throws SyntaxProblem at a character that belongs to no token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  const place = placesIn(text)
  let position = 0
  while (position < end) {
    pattern.lastIndex = position
    const match = pattern.exec(text)
    if (match === null) {
      const start = position + /^\s*/.exec(text.slice(position))![0].length
      throw new SyntaxProblem(`${place(start)}: '${text[start]}' has no meaning here`)
    }
    const [all, word, number, string, mark] = match
    const kind = word !== undefined ? 'word' : number !== undefined ? 'number' : string !== undefined ? 'string' : 'mark'
    const token = word ?? number ?? string ?? mark ?? ''
    position += all.length
    tokens.push({ kind, text: token, at: place(position - token.length) })
  }
  tokens.push({ kind: 'end', text: 'the end', at: place(end) })
  return tokens
}

/** Line and column of positions that are asked for in order: each line is counted once, and its end looked for once. */
function placesIn(text: string): (position: number) => string {
  let line = 1
  let start = 0
  let end = text.indexOf('\n')
  return (position) => {
    while (end >= 0 && end < position) {
      line++
      start = end + 1
      end = text.indexOf('\n', start)
    }
    return `line ${line}, column ${position - start + 1}`
  }
}
