import wabtInit from 'wabt'
import { type ModuleBuilder, printWat } from '../../../../src/lowering/wasm/asm/index.ts'

const wabt = await wabtInit()

const features = {
  simd: true, threads: true, bulk_memory: true, multi_value: true, sat_float_to_int: true, sign_extension: true, mutable_globals: true, relaxed_simd: true, reference_types: false,
}

/** The bytes that wabt's assembler makes of a text. */
export const assembled = (wat: string): Uint8Array => {
  const module = wabt.parseWat('test.wat', wat, features)
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')

/** Both forms of a module in hexadecimal: equal when the text says what the bytes do. */
export const bothForms = (module: ModuleBuilder): { readonly bytes: string; readonly fromText: string } => ({ bytes: hex(module.toBytes()), fromText: hex(assembled(printWat(module))) })
