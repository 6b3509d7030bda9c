"""conv.json: convGeneralDilated over its parameters and convTranspose; values and both gradients."""

import numpy as np
from jax import lax

from fixture import case, normal, write

NHWC, NCHW = ("NHWC", "HWIO", "NHWC"), ("NCHW", "OIHW", "NCHW")
ONE, THREE = ("NHC", "HIO", "NHC"), ("NDHWC", "DHWIO", "NDHWC")
CASES = [  # name, lhs, rhs, layout, options
    ("valid", (2, 6, 5, 3), (3, 3, 3, 4), NHWC, {}), ("same", (1, 6, 5, 2), (3, 3, 2, 3), NHWC, dict(padding="SAME")), ("same even kernel", (1, 6, 5, 2), (2, 4, 2, 3), NHWC, dict(padding="SAME")),
    ("strides", (1, 7, 8, 2), (3, 2, 2, 3), NHWC, dict(window_strides=(2, 3))), ("same strides", (1, 7, 8, 2), (3, 3, 2, 3), NHWC, dict(window_strides=(2, 2), padding="SAME")),
    ("explicit padding", (1, 5, 4, 2), (3, 3, 2, 2), NHWC, dict(padding=((2, 1), (0, 3)))), ("negative padding", (1, 7, 7, 2), (3, 3, 2, 2), NHWC, dict(padding=((-1, 2), (1, -2)))),
    ("lhs dilation", (1, 4, 3, 2), (3, 3, 2, 3), NHWC, dict(padding=((1, 1), (2, 0)), lhs_dilation=(2, 3))), ("rhs dilation", (1, 8, 9, 2), (3, 2, 2, 3), NHWC, dict(rhs_dilation=(2, 3))),
    ("everything", (2, 6, 5, 2), (2, 3, 2, 4), NHWC, dict(window_strides=(2, 1), padding=((1, 2), (2, 1)), lhs_dilation=(2, 2), rhs_dilation=(3, 2))), ("strides that leave a rest", (1, 8, 8, 1), (3, 3, 1, 2), NHWC, dict(window_strides=(3, 3))),
    ("kernel 1x1", (2, 4, 4, 3), (1, 1, 3, 5), NHWC, {}), ("kernel larger than padded input", (1, 2, 2, 1), (3, 3, 1, 1), NHWC, dict(padding=((1, 1), (0, 1)))), ("groups", (1, 5, 5, 4), (3, 3, 2, 6), NHWC, dict(feature_group_count=2)),
    ("depthwise", (2, 5, 5, 3), (3, 3, 1, 6), NHWC, dict(feature_group_count=3, padding="SAME")), ("groups and strides", (1, 6, 6, 4), (3, 3, 1, 4), NHWC, dict(feature_group_count=4, window_strides=(2, 2), padding=((1, 1), (1, 1)))), ("batch groups", (4, 5, 5, 2), (3, 3, 2, 6), NHWC, dict(batch_group_count=2)),
    ("NCHW", (2, 3, 6, 5), (4, 3, 3, 3), NCHW, dict(padding="SAME", window_strides=(2, 1))), ("NCHW groups", (1, 4, 5, 5), (6, 2, 3, 3), NCHW, dict(feature_group_count=2)), ("mixed layouts", (2, 6, 5, 3), (4, 3, 3, 2), ("NHWC", "OIHW", "NCHW"), {}), ("CHWN", (3, 6, 5, 2), (3, 3, 2, 4), ("CHWN", "IHWO", "HWNC"), {}),
    ("1-D", (2, 9, 3), (4, 3, 5), ONE, {}), ("1-D strided", (1, 10, 2), (3, 2, 4), ONE, dict(window_strides=(2,), padding="SAME")), ("1-D causal dilated", (1, 8, 2), (2, 2, 2), ONE, dict(padding=((4, 0),), rhs_dilation=(4,))), ("1-D groups", (1, 7, 4), (3, 1, 4), ONE, dict(feature_group_count=4)),
    ("3-D", (1, 4, 5, 4, 2), (2, 3, 2, 2, 3), THREE, {}), ("3-D strided", (1, 5, 5, 4, 1), (3, 3, 3, 1, 2), THREE, dict(window_strides=(2, 2, 1), padding="SAME")), ("0-D", (3, 4), (4, 5), ("NC", "IO", "NC"), {}), ("float64", (1, 6, 5, 2), (3, 3, 2, 3), NHWC, dict(padding="SAME", window_strides=(2, 1))), ("float64 dilated groups", (2, 6, 6, 4), (2, 2, 2, 4), NHWC, dict(feature_group_count=2, rhs_dilation=(2, 2), lhs_dilation=(2, 1), padding=((1, 0), (2, 1)))),
    ("empty batch", (0, 5, 5, 2), (3, 3, 2, 3), NHWC, {}), ("one pixel", (3, 1, 1, 4), (1, 1, 4, 2), NHWC, {}),
]
CAMEL = {"window_strides": "windowStrides", "padding": "padding", "lhs_dilation": "lhsDilation", "rhs_dilation": "rhsDilation", "feature_group_count": "featureGroupCount", "batch_group_count": "batchGroupCount"}


def lists(v):
    return [lists(t) for t in v] if isinstance(v, tuple) else v


conv = []
for k, (name, lhs, rhs, layout, options) in enumerate(CASES):
    dtype = np.float64 if name.startswith("float64") else np.float32
    options = {"window_strides": (1,) * (len(lhs) - 2), "padding": "VALID", **options}
    f = lambda x, w: lax.conv_general_dilated(x, w, dimension_numbers=layout, precision="highest", **options)
    params = {"dimensionNumbers": list(layout), **{CAMEL[n]: lists(v) for n, v in options.items()}}
    conv.append(case(name, f, [normal(lhs, k, dtype, 1), normal(rhs, k + 50, dtype, 1)], params, 5 + k))

transpose = []
for k, (name, lhs, rhs, layout, options) in enumerate([
    ("same", (1, 4, 5, 2), (3, 3, 2, 3), NHWC, dict(strides=(2, 2), padding="SAME")), ("valid", (1, 4, 5, 2), (3, 3, 2, 3), NHWC, dict(strides=(2, 2), padding="VALID")), ("valid, stride above kernel", (1, 3, 3, 2), (2, 2, 2, 2), NHWC, dict(strides=(3, 3), padding="VALID")),
    ("explicit", (1, 4, 4, 2), (3, 3, 2, 2), NHWC, dict(strides=(2, 1), padding=((1, 2), (0, 1)))), ("transposed kernel", (1, 4, 4, 2), (3, 3, 3, 2), NHWC, dict(strides=(2, 2), padding="SAME", transpose_kernel=True)), ("dilated", (1, 4, 4, 2), (3, 3, 2, 2), NHWC, dict(strides=(1, 1), padding="SAME", rhs_dilation=(2, 2))), ("1-D", (1, 5, 2), (4, 2, 3), ONE, dict(strides=(2,), padding="SAME")),
]):
    f = lambda x, w: lax.conv_transpose(x, w, dimension_numbers=layout, precision="highest", **options)
    camel = {"strides": "strides", "padding": "padding", "rhs_dilation": "rhsDilation", "transpose_kernel": "transposeKernel"}
    transpose.append(case(name, f, [normal(lhs, k, digits=1), normal(rhs, k + 50, digits=1)], {"dimensionNumbers": list(layout), **{camel[n]: lists(v) for n, v in options.items()}}, 5 + k))
write("conv.json", {"conv": conv, "transpose": transpose})
