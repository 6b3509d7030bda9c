/** float16 and bfloat16, which shaders hold as the float32 of the same value. */

export const narrowFloats: Readonly<Record<string, string>> = {
  // The nearest float16 and bfloat16, ties to even, as float32.
  to_half: `fn to_half(x: f32) -> f32 {
  let a = abs(x);
  let bits = bitcast<u32>(x);
  let normal = bitcast<f32>((bits + 0xfffu + ((bits >> 13u) & 1u)) & 0xffffe000u);
  let subnormal = with_sign(round(a * 16777216.0f) * 5.9604644775390625e-8f, x);
  let rounded = select(select(normal, subnormal, a < 6.103515625e-5f), with_sign(inf_f(), x), a >= 65520.0f);
  return select(rounded, x, !is_finite(x));
}`,
  // WGSL's own pack2x16float and unpack2x16float may give anything for infinities and NaN.
  half_bits: `fn half_bits(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let a = bits & 0x7fffffffu;
  if (a > 0x7f800000u) { return sign | 0x7e00u; }
  if (a >= 0x47800000u) { return sign | 0x7c00u; }
  if (a < 0x38800000u) { return sign | u32(round(abs(x) * 16777216.0f)); }
  return sign | ((a - 0x38000000u) >> 13u);
}`,
  half_from_bits: `fn half_from_bits(h: u32) -> f32 {
  let sign = (h & 0x8000u) << 16u;
  let exponent = (h >> 10u) & 31u;
  let mantissa = h & 1023u;
  if (exponent == 0u) { return bitcast<f32>(sign | bitcast<u32>(f32(mantissa) * 5.9604644775390625e-8f)); }
  return bitcast<f32>(sign | (select(exponent + 112u, 255u, exponent == 31u) << 23u) | (mantissa << 13u) | zero);
}`,
  to_brain: `fn to_brain(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  return select(bitcast<f32>((bits + 0x7fffu + ((bits >> 16u) & 1u)) & 0xffff0000u), x, is_nan(x));
}`,
}
