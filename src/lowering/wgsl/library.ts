/**
 * Functions in WGSL: where the language's own are missing, say nothing of NaN, or are only accurate in an absolute sense.
 * A shader holds those that it calls, and what they call.
 *
 * Sources: exp, expm1, erf, erfInv use the polynomials of the WebAssembly library (tests/oracle/math/fit.py); log after
 * FreeBSD's msun; arcus functions and erfc after Cephes (Moshier), in float32; lgamma and digamma after DLMF 5.11;
 * arguments of sine and cosine are reduced after Cody & Waite, and Payne & Hanek from 4096 on.
 */

/** c0 + z (c1 + z (c2 + …)) as an expression. */
function poly(z: string, coefficients: readonly number[]): string {
  const text = (c: number): string => (/[.e]/.test(String(c)) ? `${c}f` : `${c}.0f`)
  return coefficients.reduceRight((rest, c) => (rest === '' ? text(c) : `(${text(c)} + ${z} * ${rest})`), '')
}

/** ζ(k) - 1 for k = 2, 3, … */
const zetaMinusOne: readonly number[] = [
  0.6449340668, 0.2020569032, 0.08232323371, 0.03692775514, 0.01734306198, 0.008349277382, 0.004077356198, 0.002008392826, 9.945751278e-4, 4.941886041e-4, 2.460865533e-4,
  1.227133476e-4, 6.124813506e-5, 3.058823631e-5, 1.528225941e-5, 7.637197638e-6, 3.817293265e-6,
]

/** Five groups of four rounds, each followed by the next words of the key. */
function threefryRounds(): string {
  const rotations = [
    [13, 15, 26, 6],
    [17, 29, 16, 24],
  ]
  const lines: string[] = []
  for (let group = 0; group < 5; group++) {
    for (const by of rotations[group % 2]!) lines.push(`  x += y; y = rotate(y, ${by}u) ^ x;`)
    lines.push(`  x += key${(group + 1) % 3}; y += key${(group + 2) % 3} + ${group + 1}u;`)
  }
  return lines.join('\n')
}

const functions: Readonly<Record<string, string>> = {
  floor_div: `fn floor_div(a: i32, b: i32) -> i32 { let q = a / b; return select(q, q - 1i, q * b > a); }`,
  floor_mod: `fn floor_mod(a: i32, b: i32) -> i32 { let r = a % b; return select(r, r + b, r < 0i); }`,

  // By its bits: a compiler may take x != x for false.
  is_nan: `fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`,
  is_finite: `fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }`,
  nan_f: `fn nan_f() -> f32 { return bitcast<f32>(0x7fc00000u | zero); }`,
  inf_f: `fn inf_f() -> f32 { return bitcast<f32>(0x7f800000u | zero); }`,
  // NaN wins; of two zeros +0 is the larger.
  max_f: `fn max_f(x: f32, y: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_nan(y)) { return y; }
  if (x == y) { return bitcast<f32>(bitcast<u32>(x) & bitcast<u32>(y)); }
  return select(y, x, x > y);
}`,
  min_f: `fn min_f(x: f32, y: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_nan(y)) { return y; }
  if (x == y) { return bitcast<f32>(bitcast<u32>(x) | bitcast<u32>(y)); }
  return select(y, x, x < y);
}`,
  with_sign: `fn with_sign(magnitude: f32, sign_of: f32) -> f32 { return bitcast<f32>((bitcast<u32>(magnitude) & 0x7fffffffu) | (bitcast<u32>(sign_of) & 0x80000000u)); }`,
  sign_f: `fn sign_f(x: f32) -> f32 { if (is_nan(x) || x == 0.0f) { return x; } return with_sign(1.0f, x); }`,
  round_away: `fn round_away(x: f32) -> f32 { let t = trunc(x); return select(t, t + with_sign(1.0f, x), abs(x - t) >= 0.5f); }`,

  power_of_two: `fn power_of_two(n: i32) -> f32 { return bitcast<f32>(u32(n + 127i) << 23u); }`,
  exp_f: `fn exp_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let c = clamp(x, -104.0f, 89.0f);
  let h = round(c * 0.72134752f);
  let r = (c - h * 1.38671875f) + h * 4.24388898e-4f;
  let y = 1.0f + (r + r * r * ${poly('r', [0.5000003576278687, 0.1666661500930786, 0.041661277413368225, 0.008336098864674568, 0.0014104305300861597, 0.00019611795141827315])});
  let p = power_of_two(i32(h));
  return y * p * p;
}`,
  exp2_f: `fn exp2_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let c = clamp(x, -151.0f, 129.0f);
  let n = round(c);
  let f = c - n;
  let y = 1.0f + f * ${poly('f', [0.6931471824645996, 0.24022650718688965, 0.05550410971045494, 0.009618056938052177, 0.0013333501992747188, 0.00015461444854736328, 1.529732435301412e-5])};
  let half = i32(n) / 2i;
  return y * power_of_two(half) * power_of_two(i32(n) - half);
}`,
  expm1_f: `fn expm1_f(x: f32) -> f32 {
  if (is_nan(x) || x == 0.0f) { return x; }
  if (x > 88.0f) { return exp_f(x); }
  let c = max(x, -18.0f);
  let n = round(c * 1.44269504f);
  let r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
  let change = r + r * r * ${poly('r', [0.4999999701976776, 0.1666654348373413, 0.04166720062494278, 0.0083665382117033, 0.001388251781463623])};
  let p = power_of_two(i32(n));
  return (p - 1.0f) + p * change;
}`,
  log_f: `fn log_f(x: f32) -> f32 {
  if (is_nan(x) || x < 0.0f) { return nan_f(); }
  if (x == 0.0f) { return -inf_f(); }
  if (!is_finite(x)) { return x; }
  let tiny = x < 1.17549435e-38f;
  let shifted = bitcast<u32>(select(x, x * 33554432.0f, tiny)) + 0x4afb0du;
  let k = f32(i32(shifted >> 23u) - 127i) - select(0.0f, 25.0f, tiny);
  let f = bitcast<f32>((shifted & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
  let half_square = 0.5f * f * f;
  let s = f / (2.0f + f);
  let z = s * s;
  let tail = s * (half_square + z * ${poly('z', [0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841])}) + k * 9.0580006145e-6f;
  return (tail - half_square + f) + k * 0.69313812256f;
}`,
  // A value of which the compiler knows nothing: it may take (1 + x) - 1 for x otherwise.
  opaque: `fn opaque(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) | zero); }`,
  // After Kahan: log(u) x / (u - 1) with u = 1 + x as it was rounded.
  log1p_f: `fn log1p_f(x: f32) -> f32 {
  let u = opaque(1.0f + x);
  if (u == 1.0f || (x > 0.0f && !is_finite(x))) { return x; }
  return log_f(u) * (x / (u - 1.0f));
}`,

  mul_high: `fn mul_high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let mid = ah * bl + ((al * bl) >> 16u);
  let low = (mid & 0xffffu) + al * bh;
  return ah * bh + (mid >> 16u) + (low >> 16u);
}`,
  // 1 / 2π in words of 32 bits, after a word of zeros.
  turns_per_radian: `const turns_per_radian = array<u32, 8>(0u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau);`,
  // r in [-π/4, π/4] and the quadrant of x, by 96 bits of 1 / 2π from where x's exponent says.
  reduce_large: `fn reduce_large(x: f32) -> vec2<f32> {
  let bits = bitcast<u32>(x);
  let exponent = (bits >> 23u) & 0xffu;
  let mantissa = ((bits & 0x7fffffu) | 0x800000u) << 8u;
  let at = exponent - 126u;
  let word = at >> 5u;
  let shift = at & 31u;
  var w = array<u32, 3>(0u, 0u, 0u);
  for (var i = 0u; i < 3u; i++) {
    let next = turns_per_radian[min(word + i + 1u, 7u)];
    w[i] = select((turns_per_radian[word + i] << shift) | (next >> (32u - shift)), turns_per_radian[word + i], shift == 0u);
  }
  // The fraction of x / 2π in units of 2^-64: two bits of quadrant, then the rest.
  let low = mul_high(mantissa, w[2]);
  let middle = mantissa * w[1];
  let fraction_low = middle + low;
  let carry = select(0u, 1u, fraction_low < low);
  let fraction_high = mantissa * w[0] + mul_high(mantissa, w[1]) + carry;
  var quadrant = fraction_high >> 30u;
  var high = (fraction_high << 2u) | (fraction_low >> 30u);
  var rest = fraction_low << 2u;
  var negative = false;
  if ((high & 0x80000000u) != 0u) {
    quadrant++;
    negative = true;
    high = ~high;
    rest = ~rest;
  }
  let r = (f32(high) * 2.3283064365386963e-10f + f32(rest) * 5.421010862427522e-20f) * 1.57079632679f;
  let flip = negative != (x < 0.0f);
  let turns = select(quadrant, 0u - quadrant, x < 0.0f) & 3u;
  return vec2<f32>(select(r, -r, flip), f32(turns));
}`,
  reduce_angle: `fn reduce_angle(x: f32) -> vec2<f32> {
  if (abs(x) >= 4096.0f) { return reduce_large(x); }
  let n = round(x * 0.636619772f);
  let r = ((x - n * 1.5703125f) - n * 4.83751297e-4f) - n * 7.54978995489e-8f;
  return vec2<f32>(r, f32(i32(n) & 3i));
}`,
  sin_near: `fn sin_near(r: f32) -> f32 { let z = r * r; return r + r * z * ${poly('z', [-0.16666655242443085, 0.008332176133990288, -0.00019516974862199277])}; }`,
  cos_near: `fn cos_near(r: f32) -> f32 { let z = r * r; return (1.0f - 0.5f * z) + z * z * ${poly('z', [0.04166664555668831, -0.0013887364184483886, 2.4438088075839914e-5])}; }`,
  sin_f: `fn sin_f(x: f32) -> f32 {
  if (!is_finite(x)) { return nan_f(); }
  if (x == 0.0f) { return x; }
  let a = reduce_angle(x);
  let quadrant = u32(a.y);
  let v = select(sin_near(a.x), cos_near(a.x), (quadrant & 1u) == 1u);
  return select(v, -v, quadrant >= 2u);
}`,
  cos_f: `fn cos_f(x: f32) -> f32 {
  if (!is_finite(x)) { return nan_f(); }
  let a = reduce_angle(x);
  let quadrant = u32(a.y);
  let v = select(cos_near(a.x), sin_near(a.x), (quadrant & 1u) == 1u);
  return select(v, -v, quadrant == 1u || quadrant == 2u);
}`,
  tan_f: `fn tan_f(x: f32) -> f32 {
  if (!is_finite(x)) { return nan_f(); }
  if (x == 0.0f) { return x; }
  let a = reduce_angle(x);
  let s = sin_near(a.x);
  let c = cos_near(a.x);
  return select(s / c, -c / s, (u32(a.y) & 1u) == 1u);
}`,
  asin_near: `fn asin_near(x: f32) -> f32 { let z = x * x; return x + x * z * ${poly('z', [0.16666752422, 0.074953002686, 0.045470025998, 0.024181311049, 0.042163199048])}; }`,
  asin_f: `fn asin_f(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0f)) { return nan_f(); }
  if (a <= 0.5f) { return asin_near(x); }
  return with_sign(1.57079632679f - 2.0f * asin_near(sqrt(0.5f * (1.0f - a))), x);
}`,
  acos_f: `fn acos_f(x: f32) -> f32 {
  if (!(abs(x) <= 1.0f)) { return nan_f(); }
  if (x > 0.5f) { return 2.0f * asin_near(sqrt(0.5f * (1.0f - x))); }
  if (x < -0.5f) { return 3.14159265359f - 2.0f * asin_near(sqrt(0.5f * (1.0f + x))); }
  return 1.57079632679f - asin_near(x);
}`,
  atan_f: `fn atan_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  var base = 0.0f;
  var t = a;
  if (a > 2.414213562373095f) { base = 1.57079632679f; t = -1.0f / a; }
  else if (a > 0.4142135623730950f) { base = 0.785398163397f; t = (a - 1.0f) / (a + 1.0f); }
  let z = t * t;
  return with_sign(base + (t + t * z * ${poly('z', [-0.333329491539, 0.199777106478, -0.138776856032, 0.0805374449538])}), x);
}`,
  atan2_f: `fn atan2_f(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan_f(); }
  let left = (bitcast<u32>(x) & 0x80000000u) != 0u;
  var angle = 0.0f;
  if (y == 0.0f) { angle = 0.0f; }
  else if (x == 0.0f) { return with_sign(1.57079632679f, y); }
  else if (!is_finite(x) && !is_finite(y)) { angle = 0.785398163397f; }
  else { angle = atan_f(abs(y) / abs(x)); }
  return with_sign(select(angle, 3.14159265359f - angle, left), y);
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
  let a = abs(x);
  if (a > 9.02f) { return with_sign(1.0f, x); }
  let t = expm1_f(2.0f * a);
  return with_sign(t / (t + 2.0f), x);
}`,
  logistic_f: `fn logistic_f(x: f32) -> f32 {
  if (x < 0.0f) { let e = exp_f(x); return e / (1.0f + e); }
  return 1.0f / (1.0f + exp_f(-x));
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
  sqrt_f: `fn sqrt_f(x: f32) -> f32 { if (x == 0.0f || is_nan(x)) { return x; } if (x < 0.0f) { return nan_f(); } if (!is_finite(x)) { return x; } return sqrt(x); }`,
  cbrt_f: `fn cbrt_f(x: f32) -> f32 {
  if (x == 0.0f || !is_finite(x)) { return x; }
  let a = abs(x);
  var y = exp2(log2(a) / 3.0f);
  y = y - (y - a / (y * y)) / 3.0f;
  return with_sign(y - (y - a / (y * y)) / 3.0f, x);
}`,

  erf_f: `fn erf_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = min(abs(x), 4.0f);
  let z = a * a;
  let near = a + a * ${poly('z', [0.12837916612625122, -0.3761260211467743, 0.11283113062381744, -0.02682080678641796, 0.00508513068780303, -0.0006535236607305706])};
  let far = 1.0f - exp_f(-${poly('a', [5.684145071427338e-5, 1.1282713413238525, 0.6361420750617981, 0.10487644374370575, -0.02269740216434002, 0.003164897207170725, -0.00020870006119366735])});
  return with_sign(select(far, near, a < 0.8f), x);
}`,
  erfc_f: `fn erfc_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a < 1.0f) { return 1.0f - erf_f(x); }
  if (a > 11.0f) { return select(0.0f, 2.0f, x < 0.0f); }
  // exp(-a²) without the rounding error of a²: a = h + l with h² exact.
  let h = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let e = exp_f(-h * h) * exp_f((h - a) * (h + a));
  let q = 1.0f / a;
  let y = q * q;
  let near = ${poly('y', [0.5638259427386472, -0.2741127028184656, 0.3404879937665872, -0.4944515323274145, 0.6210004621745983, -0.5824733027278666, 0.3687424674597105, -0.1387039388740657, 0.02326819970068386])};
  let far = ${poly('y', [0.5641895067754075, -0.2820767439740514, 0.4218463358204948, -1.0152652792027, 2.921019019210786, -7.495518717768503, 12.97719955372516, -10.47766399936249])};
  let v = e * q * select(far, near, a < 2.0f);
  return select(v, 2.0f - v, x < 0.0f);
}`,
  erf_inv_f: `fn erf_inv_f(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0f)) { return nan_f(); }
  if (a == 1.0f) { return with_sign(inf_f(), x); }
  let w = -log_f((1.0f - a) * (1.0f + a));
  let c = w - 2.5f;
  let s = sqrt(w) - 3.0f;
  let centre = ${poly('c', [1.5014094114303589, 0.24664027988910675, -0.004177386872470379, -0.0012527419021353126, 0.00021834444487467408, -4.9633445087238215e-6, -3.4627057630132185e-6, 4.661698369545775e-7, 2.3232736623413075e-8, -8.790988381690568e-9])};
  let tail = ${poly('s', [2.832976818084717, 1.0016751289367676, 0.00944568868726492, -0.007639405783265829, 0.00568312918767333, -0.0035869900602847338, 0.0014959917170926929, -7.6673248258885e-5, -0.00031885402859188616, 0.0001290508807869628])};
  return x * select(tail, centre, w < 5.0f);
}`,
  // ln Γ(2 + z), |z| <= 1/2 (DLMF 5.7.3).
  lgamma_near_two: `fn lgamma_near_two(z: f32) -> f32 { return z * (0.42278433509846713f + z * ${poly('z', zetaMinusOne.map((c, i) => (i % 2 === 0 ? c : -c) / (i + 2)))}); }`,
  // ln Γ of x > 0: its zeros at 1 and 2 by series, Stirling's formula from 8 on.
  lgamma_positive: `fn lgamma_positive(x: f32) -> f32 {
  if (x < 0.5f) { return lgamma_near_two(x) - log_f(x) - log1p_f(x); }
  if (x < 1.5f) { return lgamma_near_two(x - 1.0f) - log1p_f(x - 1.0f); }
  if (x < 8.0f) {
    var product = 1.0f;
    var y = x;
    while (y > 2.5f) { y -= 1.0f; product *= y; }
    return lgamma_near_two(y - 2.0f) + log_f(product);
  }
  return (x - 0.5f) * (log_f(x) - 1.0f) + 0.4189385332f + ${poly('(1.0f / (x * x))', [1 / 12, -1 / 360, 1 / 1260])} / x;
}`,
  lgamma_f: `fn lgamma_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (!is_finite(x)) { return inf_f(); }
  if (x > 0.0f) { return lgamma_positive(x); }
  let f = x - round(x);
  if (f == 0.0f) { return inf_f(); }
  return log_f(3.14159265359f / abs(x * sin_f(3.14159265359f * f))) - lgamma_positive(-x);
}`,
  digamma_positive: `fn digamma_positive(x: f32) -> f32 {
  var sum = 0.0f;
  var y = x;
  while (y < 8.0f) { sum += 1.0f / y; y += 1.0f; }
  let z = 1.0f / (y * y);
  return log_f(y) - 0.5f / y - z * ${poly('z', [1 / 12, -1 / 120, 1 / 252])} - sum;
}`,
  digamma_f: `fn digamma_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (!is_finite(x)) { if (x > 0.0f) { return x; } return nan_f(); }
  if (x > 0.0f) { return digamma_positive(x); }
  let f = x - round(x);
  if (f == 0.0f) { return nan_f(); }
  return digamma_positive(1.0f - x) - 3.14159265359f / tan_f(3.14159265359f * f);
}`,
  pow_f: `fn pow_f(x: f32, y: f32) -> f32 {
  if (y == 0.0f || x == 1.0f) { return 1.0f; }
  if (is_nan(x) || is_nan(y)) { return nan_f(); }
  let whole = !is_finite(y) || trunc(y) == y;
  // Beyond 2^24 every float32 is even.
  let odd = is_finite(y) && whole && abs(y) < 16777216.0f && (i32(y) & 1i) != 0i;
  let negative = (bitcast<u32>(x) & 0x80000000u) != 0u;
  let a = abs(x);
  if (a == 0.0f || !is_finite(x)) {
    let v = select(0.0f, inf_f(), (a == 0.0f) == (y < 0.0f));
    return select(v, -v, negative && odd);
  }
  if (!is_finite(y)) {
    if (a == 1.0f) { return 1.0f; }
    return select(0.0f, inf_f(), (a > 1.0f) == (y > 0.0f));
  }
  if (negative && !whole) { return nan_f(); }
  let v = exp_f(y * log_f(a));
  return select(v, -v, negative && odd);
}`,
  rem_f: `fn rem_f(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y) || !is_finite(x) || y == 0.0f) { return nan_f(); }
  if (!is_finite(y)) { return x; }
  // Long division: the largest power of two times y that fits goes off until less than y is left; every step is exact.
  var r = abs(x);
  let d = abs(y);
  while (r >= d) {
    var t = d;
    while (t * 2.0f <= r) { t = t * 2.0f; }
    r = r - t;
  }
  return with_sign(r, x);
}`,
  next_after: `fn next_after(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan_f(); }
  if (x == y) { return y; }
  if (x == 0.0f) { return bitcast<f32>((bitcast<u32>(y) & 0x80000000u) | 1u); }
  let away = (x < y) == (x > 0.0f);
  return bitcast<f32>(select(bitcast<u32>(x) - 1u, bitcast<u32>(x) + 1u, away));
}`,

  // Orders as the numbers do, NaN behind all: a set sign bit means that the others count downwards. Where zeros are equal, -0 is +0.
  sort_key: `fn sort_key(x: f32, equal_zeros: bool) -> u32 {
  var bits = bitcast<u32>(x);
  if (is_nan(x)) { return 0xffffffffu; }
  if (equal_zeros && bits == 0x80000000u) { bits = 0u; }
  return select(bits ^ 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}`,

  div_i: `fn div_i(x: i32, y: i32) -> i32 { return select(x / select(y, 1i, y == 0i), -1i, y == 0i); }`,
  div_u: `fn div_u(x: u32, y: u32) -> u32 { return select(x / select(y, 1u, y == 0u), 0xffffffffu, y == 0u); }`,
  rem_i: `fn rem_i(x: i32, y: i32) -> i32 { return select(x % select(y, 1i, y == 0i), x, y == 0i); }`,
  rem_u: `fn rem_u(x: u32, y: u32) -> u32 { return select(x % select(y, 1u, y == 0u), x, y == 0u); }`,
  // Truncates, saturates, and takes NaN to 0.
  f_to_i: `fn f_to_i(x: f32, low: i32, high: i32) -> i32 {
  if (is_nan(x)) { return 0i; }
  if (x >= f32(high)) { return high; }
  if (x <= f32(low)) { return low; }
  return i32(x);
}`,
  f_to_u: `fn f_to_u(x: f32, high: u32) -> u32 {
  if (is_nan(x) || x <= 0.0f) { return 0u; }
  if (x >= f32(high)) { return high; }
  return u32(x);
}`,
  // The nearest float16 and bfloat16, ties to even, as float32.
  to_half: `fn to_half(x: f32) -> f32 {
  if (!is_finite(x)) { return x; }
  let a = abs(x);
  if (a >= 65520.0f) { return with_sign(inf_f(), x); }
  if (a < 6.103515625e-5f) { return with_sign(round(a * 16777216.0f) * 5.9604644775390625e-8f, x); }
  let bits = bitcast<u32>(x);
  return bitcast<f32>((bits + 0xfffu + ((bits >> 13u) & 1u)) & 0xffffe000u);
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
  if (is_nan(x)) { return x; }
  let bits = bitcast<u32>(x);
  return bitcast<f32>((bits + 0x7fffu + ((bits >> 16u) & 1u)) & 0xffff0000u);
}`,

  rotate: `fn rotate(x: u32, by: u32) -> u32 { return (x << by) | (x >> (32u - by)); }`,
  // Salmon et al. 2011: Threefry-2x32, 20 rounds.
  threefry: `fn threefry(key0: u32, key1: u32, count0: u32, count1: u32) -> vec2<u32> {
  let key2 = key0 ^ key1 ^ 0x1bd11bdau;
  var x = count0 + key0;
  var y = count1 + key1;
${threefryRounds()}
  return vec2<u32>(x, y);
}`,
}

/** The functions that a text calls, and those that these call, in an order of definition before use. */
export function libraryFor(text: string): string {
  const found = new Map<string, string>()
  const visit = (code: string): void => {
    for (const [name] of code.matchAll(/\b[a-z]\w*\b/g)) {
      const body = functions[name]
      if (body === undefined || found.has(name)) continue
      found.set(name, '') // before it is visited: its own name stands in it
      visit(body)
      found.delete(name)
      found.set(name, body)
    }
  }
  visit(text)
  const bodies = [...found.values()]
  const zero = /\bzero\b/.test([text, ...bodies].join('\n')) ? ['// 0, as no compiler knows: set by the entry point.\nvar<private> zero: u32;'] : []
  return [...zero, ...bodies].join('\n')
}
