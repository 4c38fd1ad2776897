"""An exception of a learner's function, told with the line of their code where it happened."""

import linecache
from collections.abc import Callable
from types import CodeType

from w2v2course.exercises.plain import Raised


def raised(error: BaseException, candidate: Callable) -> Raised:
    """What was raised, and where in the candidate's own code; never raises itself."""
    try:
        name = type.__dict__["__name__"].__get__(type(error))
    except Exception:
        name = "an exception"
    try:
        message = str(error)
    except Exception:
        message = "(it cannot be shown)"
    try:
        where = _line(error, candidate)
    except Exception:
        where = ""
    message = " ".join(message.split())  # one line
    return Raised(name, message if len(message) <= 300 else message[:300] + " …", where)


def is_stub(error: BaseException, function: str) -> bool:
    """Whether this is the stub's own NotImplementedError (PyTorch raises that type for other reasons, too)."""
    try:
        if type(error) is not NotImplementedError:
            return False
        return error.args in ((), (function,))
    except Exception:
        return False


def _line(error: BaseException, candidate: Callable) -> str:
    code = getattr(candidate, "__code__", None)
    if type(code) is not CodeType:
        return ""
    place, trace = None, error.__traceback__
    while trace is not None:  # the innermost line that stands in the candidate's cell
        if trace.tb_frame.f_code.co_filename == code.co_filename:
            place = trace.tb_lineno
        trace = trace.tb_next
    if place is None:
        return ""
    text = linecache.getline(code.co_filename, place).strip()
    return f"line {place}" + (f", {text[:100]}" if text else "")
