/**
 * Vector constants out of loops: each is set into a local of its own at the head of the function. V8 since Node 22 makes a
 * constant anew wherever it is written, by way of an integer register (three instructions); a local stays in a register or on
 * the stack.
 */
import type { Instruction, Local, Payload } from './instruction.ts'
import { opcode } from './opcodes.ts'

/** The code with constants of loops read from locals, which are added to `locals`. */
export function hoistConstants(code: readonly Instruction[], locals: Local[]): Instruction[] {
  const known = new Map<string, Local>()
  const head: Instruction[] = []
  const [get, set] = [opcode('local.get'), opcode('local.set')]
  // most constants are the same few arrays, so that their bytes are seldom compared
  const seen = new Map<Payload, Local | null>()
  const holder = (instruction: Instruction): Local | null => {
    let local = seen.get(instruction.payload)
    if (local !== undefined) return local
    local = byBytes(instruction)
    seen.set(instruction.payload, local)
    return local
  }
  const byBytes = (instruction: Instruction): Local | null => {
    const key = (instruction.payload as Uint8Array).join() // what v128.const carries
    if (cheap.has(key)) return null
    let local = known.get(key)
    if (local === undefined) {
      local = { index: locals.length, type: 'v128', name: 'c' }
      locals.push(local)
      known.set(key, local)
      head.push(instruction, { op: set, a: local.index, b: 0, payload: null })
    }
    return local
  }
  /** Whether each open block is a loop. */
  const open: boolean[] = []
  let loops = 0
  const body = code.map((instruction): Instruction => {
    switch (instruction.op.name) {
      case 'loop':
        loops++
        open.push(true)
        return instruction
      case 'block':
      case 'if':
        open.push(false)
        return instruction
      case 'end':
        if (open.pop() === true) loops--
        return instruction
      case 'v128.const': {
        const local = loops > 0 ? holder(instruction) : null
        return local === null ? instruction : { op: get, a: local.index, b: 0, payload: null }
      }
      default:
        return instruction
    }
  })
  return [...head, ...body]
}

/** One instruction makes these from nothing. */
const cheap: ReadonlySet<string> = new Set([0, 255].map((byte) => new Uint8Array(16).fill(byte).join()))
