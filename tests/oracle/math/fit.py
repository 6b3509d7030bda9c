"""Prints the polynomials of src/lowering/wasm/math that come from no published table.

    python3.11 -m venv .venv && .venv/bin/pip install mpmath==1.4.1 numpy
    .venv/bin/python fit.py

`minimax` is Lawson's iteration of weighted least squares on Chebyshev nodes; `chebyshev` is mpmath's fit. Coefficients are in
ascending order, rounded to the format that uses them; the error is the one before that rounding.
"""

import math

import mpmath
import numpy as np
from mpmath import mpf

mpmath.mp.dps = 50


def minimax(function, weight, low, high, count, nodes=2000, iterations=300):
    """Minimises max |weight · (function - polynomial)| on [low, high]."""
    t = np.cos(np.linspace(0, np.pi, nodes))
    x = (low + high) / 2 + (high - low) / 2 * t
    basis = np.polynomial.chebyshev.chebvander(t, count - 1)
    weights = np.array([float(weight(v)) for v in x])
    values = np.array([float(function(v)) for v in x])
    share = np.ones(nodes) / nodes
    best, error = None, math.inf
    for _ in range(iterations):
        scale = np.sqrt(share) * weights
        fitted = np.linalg.lstsq(basis * scale[:, None], values * scale, rcond=None)[0]
        misses = np.abs(weights * (values - basis @ fitted))
        if misses.max() < error:
            best, error = fitted, misses.max()
        share = share * misses / (share * misses).sum()
    domain = [low, high]
    return np.polynomial.chebyshev.Chebyshev(best, domain=domain).convert(kind=np.polynomial.Polynomial, domain=[-1, 1], window=[-1, 1]).coef, error


def show(name, fitted, single=True):
    coefficients, error = fitted
    print(f"{name}: error {float(error):.1e}\n  {[float(np.float32(c)) if single else float(c) for c in coefficients]}")


def chebyshev(function, low, high, count):
    coefficients, error = mpmath.chebyfit(function, [low, high], count, error=True)
    return coefficients[::-1], error


def exp_tail(r):
    """(e^r - 1 - r) / r²"""
    return sum(mpf(r) ** k / mpmath.factorial(k + 2) for k in range(18))


half = math.log(2) / 2
show("f32 exp", minimax(exp_tail, lambda r: r * r * math.exp(-r), -0.3467, 0.3467, 5))
show("f32 expm1", minimax(exp_tail, lambda r: r * r / max(abs(math.expm1(r)), 0.02), -0.3467, 0.3467, 5))
show("f32 tanh", minimax(exp_tail, lambda r: r * r / max(abs(math.expm1(r)), 0.02), -0.11, 0.60, 5))
show("f32 exp2", chebyshev(lambda f: (mpf(2) ** f - 1) / f if abs(f) > mpf(10) ** -12 else mpmath.log(2), -0.5, 0.5, 7))

quarter = math.pi / 4 * 1.0005


def of_root(function, limit):
    """A function of z = x² from one of x, with its limit at 0."""
    return lambda z: function(mpmath.sqrt(mpf(z)), mpf(z)) if z > 1e-12 else limit


show("f32 sin", minimax(of_root(lambda x, z: (mpmath.sin(x) / x - 1) / z, -1 / 6), lambda z: z, 0, quarter**2, 3, 500))
show("f32 cos", minimax(of_root(lambda x, z: (mpmath.cos(x) - 1 + z / 2) / z**2, 1 / 24), lambda z: z * z, 0, quarter**2, 3, 500))

erf_near = of_root(lambda x, z: mpmath.erf(x) / x - 1, 2 / math.sqrt(math.pi) - 1)
show("f32 erf below 0.8", minimax(erf_near, lambda z: 1 / (1 + erf_near(z)), 0, 0.64, 6, 400))
show("f32 -log erfc above 0.8", minimax(lambda x: -mpmath.log(mpmath.erfc(mpf(x))), lambda x: mpmath.erfc(x) / mpmath.erf(x), 0.8, 4.0, 7, 400))


def erf_inverse_ratio(w):
    """erfInv(x) / x for w = -log(1 - x²)"""
    w = mpf(w)
    if w < 1e-9:
        return mpmath.sqrt(mpmath.pi) / 2 * (1 + w / 4)
    rest = mpmath.exp(-w)
    x = mpmath.sqrt(1 - rest)
    y = mpmath.sqrt(w) * mpf("0.95")
    for _ in range(80):
        step = (mpmath.erfc(y) - rest / (1 + x)) * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(y * y)
        y += step
        if abs(step) < mpf(10) ** -32:
            break
    return y / x


def relative(function):
    values = {}

    def cached(t):
        if t not in values:
            values[t] = function(t)
        return values[t]

    return cached, lambda t: 1 / cached(t)


show("f32 erfInv centre", minimax(*relative(lambda t: erf_inverse_ratio(t + 2.5)), -2.5, 2.5, 10, 300))
show("f32 erfInv tail", minimax(*relative(lambda t: erf_inverse_ratio((t + 3) ** 2)), math.sqrt(5) - 3.001, 1.0, 10, 300))

show("f32 pow, log2", chebyshev(lambda z: mpmath.log((1 + mpmath.sqrt(z)) / (1 - mpmath.sqrt(z))) / mpmath.sqrt(z) / mpmath.log(2) if z > mpf(10) ** -20 else 2 / mpmath.log(2), 0, mpf("0.02945"), 5), False)
show("f32 pow, exp2", chebyshev(lambda f: mpf(2) ** f, -0.5, 0.5, 8), False)

zero = mpmath.findroot(lambda x: mpmath.psi(0, x), 1.4616321449683622)
show("f64 digamma around its zero", chebyshev(lambda t: mpmath.psi(0, t + mpf(3) / 2) / (t + mpf(3) / 2 - zero), -0.5, 0.5, 22), False)
show("f32 digamma around its zero", chebyshev(lambda t: mpmath.psi(0, t + mpf(3) / 2) / (t + mpf(3) / 2 - zero), -0.5, 0.5, 10), False)
show("f64 digamma, asymptotic", chebyshev(lambda z: (mpmath.log(1 / mpmath.sqrt(z)) - mpmath.sqrt(z) / 2 - mpmath.psi(0, 1 / mpmath.sqrt(z))) / z, mpf(10) ** -12, mpf(1) / 64, 8), False)
print(f"digamma's zero: {mpmath.nstr(zero, 40)}")
