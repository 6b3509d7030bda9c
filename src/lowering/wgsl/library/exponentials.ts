/**
 * Exponentials, logarithms, powers and roots, hyperbolic functions and their inverses. exp, expm1, tanh, logistic, log (FreeBSD's msun) and log1p are those of the
 * WebAssembly library, with its polynomials (tests/oracle/math/fit.py), step by step: devices that round alike have the same bits.
 */
import { poly, polyByPairs, polyByParity } from './poly.ts'

const expm1Coefficients = [0.4999999701976776, 0.1666654348373413, 0.04166720062494278, 0.0083665382117033, 0.001388251781463623]

export const exponentials: Readonly<Record<string, string>> = {
  power_of_two: `fn power_of_two(n: i32) -> f32 { return bitcast<f32>(u32(n + 127i) << 23u); }`,
  exp_f: `fn exp_f(x: f32) -> f32 {
  let c = clamp(x, -104.0f, 89.0f);
  let n = round(c * 1.44269504f);
  let r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
  let y = ((r * r * ${polyByPairs('r', [0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.008368736132979393, 0.0013814560370519757])}) + r) + 1.0f;
  let half = i32(n) >> 1u;
  return select(y * power_of_two(half) * power_of_two(i32(n) - half), x, is_nan(x));
}`,
  exp2_f: `fn exp2_f(x: f32) -> f32 {
  let c = clamp(x, -151.0f, 129.0f);
  let n = round(c);
  let f = c - n;
  let y = 1.0f + f * ${poly('f', [0.6931471824645996, 0.24022650718688965, 0.05550410971045494, 0.009618056938052177, 0.0013333501992747188, 0.00015461444854736328, 1.529732435301412e-5])};
  let half = i32(n) / 2i;
  return select(y * power_of_two(half) * power_of_two(i32(n) - half), x, is_nan(x));
}`,
  expm1_f: `fn expm1_f(x: f32) -> f32 {
  let c = clamp(x, -18.0f, 89.0f);
  let n = round(c * 1.44269504f);
  let r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
  let change = r * r * ${polyByParity('r', expm1Coefficients)} + r;
  // The 1 is nothing beside numbers that large, whose power of two may be beyond the largest.
  let p = power_of_two(i32(n) - 1i);
  let y = select((2.0f * p - 1.0f) + 2.0f * p * change, p * (1.0f + change) * 2.0f, n > 64.0f);
  return select(y, x, is_nan(x) | (x == 0.0f));
}`,
  log_f: `fn log_f(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let tiny = (bits & 0x7fffffffu) < 0x800000u;
  let shifted = select(bits, bitcast<u32>(f32(bits & 0x7fffffu)), tiny) + 0x4afb0du;
  let k = f32(i32(shifted >> 23u) - 127i) - select(0.0f, 149.0f, tiny);
  let f = bitcast<f32>((shifted & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
  let half_square = 0.5f * f * f;
  let tail = log_tail(f, half_square) + k * 9.0580006145e-6f;
  let y = (tail - half_square + f) + k * 0.69313812256f;
  // By its bits: a device may compare a subnormal number as 0.
  return select(select(select(y, x, !is_finite(x)), -inf_f(), (bits & 0x7fffffffu) == 0u), nan_f(), is_nan(x) | (bits > 0x80000000u));
}`,
  log1p_f: `fn log1p_f(x: f32) -> f32 {
  let u = opaque(1.0f + x);
  let shifted = bitcast<u32>(u) + 0x4afb0du;
  let k = f32(i32(shifted >> 23u) - 127i);
  let unscaled = k == 0.0f;
  // What rounding took from 1 + x.
  let lost = select(x - (u - 1.0f), 1.0f - (u - x), k >= 2.0f);
  let f = select(bitcast<f32>((shifted & 0x7fffffu) + 0x3f3504f3u) - 1.0f, x, unscaled);
  let half_square = 0.5f * f * f;
  let tail = log_tail(f, half_square) + (k * 9.0580006145e-6f + select(lost / u, 0.0f, unscaled));
  let y = (tail - half_square + f) + k * 0.69313812256f;
  return select(select(select(y, x, (x == 0.0f) | !is_finite(x)), -inf_f(), x == -1.0f), nan_f(), is_nan(x) | (x < -1.0f));
}`,
  // Of f: s (f²/2 + R), where log(1 + f) = f - f²/2 + s (f²/2 + R).
  log_tail: `fn log_tail(f: f32, half_square: f32) -> f32 {
  let s = f / (2.0f + f);
  let z = s * s;
  return s * (half_square + z * ${poly('z', [0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841])});
}`,
  sinh_f: `fn sinh_f(x: f32) -> f32 {
  let a = abs(x);
  if (a > 80.0f) { let h = exp_f(0.5f * a); return with_sign(0.5f * h * h, x); }
  let e = expm1_f(a);
  return with_sign(0.5f * (e + e / (e + 1.0f)), x);
}`,
  cosh_f: `fn cosh_f(x: f32) -> f32 {
  let a = abs(x);
  if (a > 80.0f) { let h = exp_f(0.5f * a); return 0.5f * h * h; }
  let e = exp_f(a);
  return 0.5f * e + 0.5f / e;
}`,
  tanh_f: `fn tanh_f(x: f32) -> f32 {
  let a = min(abs(x + x), 20.0f);
  let n = round((a - 0.245f) * 1.44269504f);
  let r = a - n * 0.69314718f;
  let bend = r * r * ${polyByParity('r', [0.4999997317790985, 0.1666678488254547, 0.04168963432312012, 0.008176824077963829, 0.0017109944019466639])};
  let change = opaque(bend + r);
  let p = power_of_two(i32(n));
  let t = (p - 1.0f) + p * change;
  // What rounding took from e^r - 1, times about the inverse of the denominator where n is 0.
  let lost = (bend - (change - r)) * 0.45f;
  return select(with_sign(t / (t + 2.0f) + lost, x), x, is_nan(x));
}`,
  // 2^-h / (2^-h + 2^(n-h) y), e^-x = 2^n y and h about n / 2.
  logistic_f: `fn logistic_f(x: f32) -> f32 {
  let c = clamp(x, -104.0f, 104.0f);
  let n = round(c * -1.44269504f);
  let r = (c + n * 0.693359375f) - n * 2.12194440e-4f;
  let bend = r * r * ${polyByParity('r', expm1Coefficients.map((c, i) => (i % 2 === 0 ? c : -c)))} - r;
  let half = i32(n) >> 1u;
  let inverse = power_of_two(-half);
  let rest = power_of_two(i32(n) - half);
  return select(inverse / ((inverse + rest) + bend * rest), x, is_nan(x));
}`,
  asinh_f: `fn asinh_f(x: f32) -> f32 {
  let a = abs(x);
  if (a > 1.0e9f) { return with_sign(log_f(a) + 0.69314718f, x); }
  let square = a * a;
  return with_sign(log1p_f(a + square / (1.0f + sqrt(square + 1.0f))), x);
}`,
  acosh_f: `fn acosh_f(x: f32) -> f32 {
  if (!(x >= 1.0f)) { return nan_f(); }
  if (x > 1.0e9f) { return log_f(x) + 0.69314718f; }
  let t = x - 1.0f;
  return log1p_f(t + sqrt(2.0f * t + t * t));
}`,
  atanh_f: `fn atanh_f(x: f32) -> f32 {
  let a = abs(x);
  if (a == 1.0f) { return with_sign(inf_f(), x); }
  return with_sign(0.5f * log1p_f(2.0f * a / (1.0f - a)), x);
}`,
  sqrt_f: `fn sqrt_f(x: f32) -> f32 { return select(select(sqrt(x), x, (x == 0.0f) | !is_finite(x)), nan_f(), x < 0.0f); }`,
  cbrt_f: `fn cbrt_f(x: f32) -> f32 {
  if (x == 0.0f || !is_finite(x)) { return x; }
  let a = abs(x);
  var y = exp2(log2(a) / 3.0f);
  y = y - (y - a / (y * y)) / 3.0f;
  return with_sign(y - (y - a / (y * y)) / 3.0f, x);
}`,
  pow_f: `fn pow_f(x: f32, y: f32) -> f32 {
  if ((bitcast<u32>(y) & 0x7fffffffu) == 0u || x == 1.0f) { return 1.0f; }
  if (is_nan(x) || is_nan(y)) { return nan_f(); }
  let whole = !is_finite(y) || trunc(y) == y;
  // Beyond 2^24 every float32 is even.
  let odd = is_finite(y) && whole && abs(y) < 16777216.0f && (i32(y) & 1i) != 0i;
  let negative = (bitcast<u32>(x) & 0x80000000u) != 0u;
  let a = abs(x);
  let zero_base = (bitcast<u32>(x) & 0x7fffffffu) == 0u;
  if (zero_base || !is_finite(x)) {
    let v = select(0.0f, inf_f(), zero_base == (y < 0.0f));
    return select(v, -v, negative && odd);
  }
  if (!is_finite(y)) {
    if (a == 1.0f) { return 1.0f; }
    return select(0.0f, inf_f(), (a > 1.0f) == (y > 0.0f));
  }
  if (negative && !whole) { return nan_f(); }
  let l = log_pair(a);
  let rough = y * l.x;
  if (whole && y > 0.0f && y < 65536.0f && abs(rough) < 40.0f) {
    let v = whole_power(a, u32(y));
    return select(v, -v, negative && odd);
  }
  // Past the ends of the range there are no digits.
  let p = select(times(l, vec2<f32>(y, 0.0f)), vec2<f32>(rough, 0.0f), abs(rough) > 128.0f);
  let v = exp_f(p.x) * (1.0f + p.y);
  return select(v, -v, negative && odd);
}`,
  // By squaring, in pairs: rounded once, as the powers that moments of Adam are divided by have to be.
  whole_power: `fn whole_power(a: f32, n: u32) -> f32 {
  var power = vec2<f32>(1.0f, 0.0f);
  var square = vec2<f32>(a, 0.0f);
  for (var left = n; left > 0u; left >>= 1u) {
    if ((left & 1u) != 0u) { power = times(power, square); }
    square = times(square, square);
  }
  return power.x;
}`,
  // ln x of 0 < x < ∞ as a pair: 2 artanh s, s = (m - 1) / (m + 1), which is 2s + 2s (z / 3 + z² / 5 + …) with z = s², and the exponent's part.
  log_pair: `fn log_pair(x: f32) -> vec2<f32> {
  let bits = bitcast<u32>(x);
  let tiny = (bits & 0x7fffffffu) < 0x800000u;
  let shifted = select(bits, bitcast<u32>(f32(bits & 0x7fffffu)), tiny) + 0x4afb0du;
  let k = f32(i32(shifted >> 23u) - 127i) - select(0.0f, 149.0f, tiny);
  let m = bitcast<f32>((shifted & 0x7fffffu) + 0x3f3504f3u);
  let f = m - 1.0f;
  let d = sum_pair(1.0f, m);
  let q = opaque(f / d.x);
  let qd = product_pair(q, d.x);
  let s = vec2<f32>(q, (((f - qd.x) - qd.y) - q * d.y) / d.x);
  let z = times(s, s);
  let third = times(z, vec2<f32>(0.333333343f, -9.93410776e-9f));
  let u = sum_pair(third.x, third.y + z.x * z.x * ${poly('z.x', [0.2, 0.14285714285714285, 0.1111111111111111, 0.09090909090909091, 0.07692307692307693])});
  let su = times(s, u);
  let own = sum_pair(2.0f * s.x, 2.0f * su.x);
  let high = sum_pair(k * 0.69313812256f, own.x);
  return sum_pair(high.x, high.y + (own.y + 2.0f * (su.y + s.y) + k * 9.0580006145e-6f));
}`,
}
