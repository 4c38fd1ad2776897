"""Where a NaN probably comes from, judged by what the function was handed."""

from collections.abc import Sequence

import numpy as np

from w2v2course.exercises.plain import Array, plain


def likely_cause(arguments: Sequence) -> str:
    """A sentence for the learner."""
    arrays = [value.values for value in map(plain, arguments) if isinstance(value, Array) and value.values.size]
    floats = [values for values in arrays if values.dtype.kind == "f"]
    if any(values.dtype.kind == "i" and (values == 0).any() for values in arrays) and floats:
        return "an input holds a zero length or count: a softmax or a mean over nothing is 0/0"
    if any(np.isneginf(values).any() for values in floats):
        return "an input holds −inf: −inf − (−inf) is NaN, and so is 0 · (−inf); treat it before subtracting"
    if any(np.isnan(values).any() for values in floats):
        return "an input holds NaN where it must not count, and zero times NaN is still NaN: replace it, with where(…)"
    if any(values.ndim and values.shape[-1] > 1 and (np.ptp(values, axis=-1) == 0).any() for values in floats):
        return "an input does not vary, so that its spread is zero: a division by it is 0/0"
    if any((values == 0).any() for values in floats):
        return "an input holds zeros: 0/0 and 0 · log 0 are NaN"
    return "0/0, −inf − (−inf), or the root or logarithm of something negative"
