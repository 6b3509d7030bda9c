import type { IndexSpace } from './encode.ts'
import type { FunctionRef, Instruction, Local } from './instruction.ts'
import type { ModuleBuilder } from './module-builder.ts'
import type { FunctionType, ValueType } from './value-type.ts'

/** A WAT identifier; characters that the text format does not admit become `_`. */
const identifier = (name: string): string => `$${name.replace(/[^0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]/g, '_')}`

const localName = (local: Local): string => identifier(`${local.name}_${local.index}`)

/** `(param i32 v128) (result f32)`, with a leading space where there is anything. */
const signatureText = (type: FunctionType): string => {
  const list = (word: string, types: readonly ValueType[]): string => (types.length > 0 ? ` (${word} ${types.join(' ')})` : '')
  return list('param', type.params) + list('result', type.results)
}

/** A float literal that reads back to the same bits. */
const floatText = (value: number): string => {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return Object.is(value, -0) ? '-0' : String(value)
}

const wordsText = (bytes: Uint8Array): string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  return [0, 4, 8, 12].map((at) => `0x${view.getUint32(at, true).toString(16).padStart(8, '0')}`).join(' ')
}

const memoryText = (offset: number, align: number, natural: number): string =>
  (offset > 0 ? ` offset=${offset}` : '') + (align === natural ? '' : ` align=${align}`)

const immediateText = ({ op, a, b, payload }: Instruction, locals: readonly Local[], space: IndexSpace): string => {
  switch (op.kind) {
    case 'none':
    case 'zeros':
      return ''
    case 'local': {
      const local = locals[a]
      return ` ${local ? localName(local) : a}`
    }
    case 'index':
    case 'i32':
    case 'lane':
      return ` ${a}`
    case 'i64':
      return ` ${(payload as bigint).toString()}`
    case 'f32':
    case 'f64':
      return ` ${floatText(a)}`
    case 'bytes':
      return op.name === 'v128.const' ? ` i32x4 ${wordsText(payload as Uint8Array)}` : ` ${(payload as Uint8Array).join(' ')}`
    case 'memory':
      return memoryText(a, b, op.size)
    case 'memoryLane':
      return `${memoryText(a, op.size, op.size)} ${b}`
    case 'block': {
      const type = payload as FunctionType
      return type.results.length > 1 ? ` (type ${space.typeIndex(type)})` : signatureText(type)
    }
    case 'function':
      return ` ${identifier((payload as FunctionRef).name)}`
    case 'table':
      return ` ${[...(payload as readonly number[]), a].join(' ')}`
  }
}

/** A function in the text format, one instruction a line. */
const functionText = (name: string, type: FunctionType, locals: readonly Local[], code: readonly Instruction[], space: IndexSpace): string => {
  const declared = locals.map((local, index) => `(${index < type.params.length ? 'param' : 'local'} ${localName(local)} ${local.type})`)
  const results = type.results.length > 0 ? [`(result ${type.results.join(' ')})`] : []
  const head = [...declared.slice(0, type.params.length), ...results, ...declared.slice(type.params.length)]
  const lines = [`  (func ${identifier(name)} (type ${space.typeIndex(type)})${head.map((part) => ` ${part}`).join('')}`]
  let depth = 2
  for (const instruction of code) {
    const { name: opName, kind } = instruction.op
    if (opName === 'end' || opName === 'else') depth--
    lines.push('  '.repeat(depth) + opName + immediateText(instruction, locals, space))
    if (kind === 'block' || opName === 'else') depth++
  }
  lines[lines.length - 1] += ')'
  return lines.join('\n')
}

const escapedByte = (byte: number): string => `\\${byte.toString(16).padStart(2, '0')}`

const stringText = (text: string): string => `"${[...new TextEncoder().encode(text)].map((byte) => (byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? String.fromCharCode(byte) : escapedByte(byte))).join('')}"`

/** A module in the text format; assembling it gives the bytes of `toBytes`. */
export function printWat(built: ModuleBuilder): string {
  const space = built.indexSpace()
  const lines: string[] = []
  const functions = built.functions.map((fn) => {
    fn.end()
    return functionText(fn.name, fn.type, fn.locals, fn.code, space)
  })
  built.types.forEach((type, index) => lines.push(`  (type (;${index};) (func${signatureText(type)}))`))
  if (built.memory) {
    const { module, name, min, max, shared = false } = built.memory
    const limits = `${min}${max === undefined ? '' : ` ${max}`}${shared ? ' shared' : ''}`
    lines.push(`  (import ${stringText(module)} ${stringText(name)} (memory ${limits}))`)
  }
  for (const { module, field, name, type } of built.imports)
    lines.push(`  (import ${stringText(module)} ${stringText(field)} (func ${identifier(name)} (type ${space.typeIndex(type)})))`)
  lines.push(...functions)
  for (const { name, what } of built.exports) lines.push(`  (export ${stringText(name)} (func ${identifier(what.name)}))`)
  return `(module\n${lines.join('\n')})\n`
}
