"""Numbers and values in the words of a sentence."""

import numpy as np

from w2v2course.exercises.plain import Array, Foreign, Plain, Raised

SHORT = 60  # characters of a value that still fit into a sentence


def number(value: float, exact: bool = False) -> str:
    """``−0.5357``; integers in full up to forty digits, longer ones by their ends."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        if abs(value) < 10**40:
            return f"{value:,}".replace("-", "−") if abs(value) >= 100_000 else str(value).replace("-", "−")
        digits = len(f"{abs(value):x}") if abs(value) >= 10**4000 else len(str(abs(value)))
        if abs(value) >= 10**4000:
            return f"an integer of {digits} hexadecimal digits"
        text = str(value)
        return f"{text[:12]}…{text[-12:]} ({digits} digits)".replace("-", "−")
    if exact:
        return repr(float(value)).replace("-", "−")
    plain = value == 0 or 1e-3 <= abs(value) < 1e6
    return (f"{value:.4f}" if plain else f"{value:.4g}").replace("-", "−")


def shape_of(values: np.ndarray) -> str:
    """``(3, 4)``."""
    return str(tuple(int(size) for size in values.shape))


def show(value: Plain) -> str:
    """A value where it is short, otherwise what it is."""
    if isinstance(value, Array):
        if value.values.size <= 6 and value.values.ndim <= 2:
            text = show(value.values.tolist())
            if len(text) <= SHORT:
                return text
        return f"a tensor of shape {shape_of(value.values)}"
    if isinstance(value, list):
        text = f"[{', '.join(show(item) for item in value[:12])}{', …' * (len(value) > 12)}]"
        return text if len(text) <= 2 * SHORT else f"a list of {len(value)} items"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 2 * SHORT else f"'{value[:SHORT]}…' ({len(value)} characters)"
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        return number(value) if value != round(value, 2) else f"{value:g}".replace("-", "−")
    if isinstance(value, Foreign):
        return value.name
    if isinstance(value, Raised):
        return f"{value.name}: {value.message}"
    return "something else"
