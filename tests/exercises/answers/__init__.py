"""Right answers, at least two a function and written differently; one module a chapter with `ANSWERS`."""
