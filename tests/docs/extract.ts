/** The programs of a Markdown page. */

export interface Program {
  /** Where its first block begins. */
  readonly line: number
  readonly code: string
  /** What it prints, where the page says so. */
  readonly output: string | null
}

interface Fence {
  readonly line: number
  readonly info: string
  readonly text: string
}

function fences(markdown: string): Fence[] {
  const found: Fence[] = []
  let open: { readonly line: number; readonly info: string; readonly text: string[] } | null = null
  for (const [i, row] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(row)
    if (fence === null) open?.text.push(row)
    else if (open === null) open = { line: i + 1, info: (fence[1] ?? '').trim(), text: [] }
    else {
      found.push({ ...open, text: open.text.join('\n') })
      open = null
    }
  }
  return found
}

/**
 * A `ts` block is a program, `ts continued` its next lines; a `text` block after either says what they print. Other
 * blocks (`sh`, `json`) are no programs, nor is `js plugin`, which tests/sharp-bits runs in a linter.
 */
export function programsOf(markdown: string): Program[] {
  const programs: Program[] = []
  let afterCode = false
  for (const { line, info, text } of fences(markdown)) {
    const last = programs.at(-1)
    if (info === 'ts') programs.push({ line, code: text, output: null })
    else if (info === 'ts continued' && last !== undefined) programs.splice(-1, 1, { ...last, code: `${last.code}\n${text}` })
    else if (info === 'text' && afterCode && last !== undefined) {
      programs.splice(-1, 1, { ...last, output: last.output === null ? text : `${last.output}\n${text}` })
    } else if (info !== 'js plugin' && /^(ts|js|tsx|jsx|typescript|javascript)\b/.test(info)) throw new Error(`line ${line}: a block of \`${info}\` would not run; write \`ts\` or \`ts continued\``)
    afterCode = info.startsWith('ts')
  }
  return programs
}
