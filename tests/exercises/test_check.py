"""`check` in a learner's hands: the messages, the progress, and candidates that mean harm."""

import os
import subprocess
import sys

import pytest
import torch

from w2v2course.exercises import check, registry
from w2v2course.exercises.checking import GRADING, Check

ROW = "frame_count"
RIGHT = """
def frame_count(samples, kernels, strides):
    for kernel, stride in zip(kernels, strides):
        samples = (samples - kernel) // stride + 1
    return samples
"""


def write(code, name="frame_count"):
    """A function as a learner's cell would define it, with lines that can be looked up."""
    import linecache

    file = f"<cell {hash(code)}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    space = {"torch": torch}
    exec(compile(code, file, "exec"), space)
    return space[name]


def lines(result):
    return repr(result).splitlines()


def test_right():
    result = check.frame_count(write(RIGHT))
    assert result.passed and lines(result)[0] == "✓ frame_count: right in all 5 cases"


def test_not_attempted():
    stub = "def frame_count(*a):\n    # your code here\n    raise NotImplementedError('frame_count')"
    result = check.frame_count(write(stub))
    assert not result.passed and lines(result)[0] == "○ frame_count: not attempted yet"
    assert "#" not in repr(result) and "110, 119, 129" in result._repr_html_()


def test_a_notimplementederror_of_pytorch_is_no_stub():
    code = "def frame_count(*a):\n    return torch.ones(2, device='meta').tolist()"
    assert "NotImplementedError in line 2, return torch.ones(2, device='meta').tolist(): " in repr(
        check.frame_count(write(code))
    )


def test_exceptions_are_told_with_the_line():
    code = "def frame_count(samples, kernels, strides):\n    helper = lambda: samples / 0\n    return helper()"
    assert lines(check.frame_count(write(code))) == [
        "✗ frame_count: ZeroDivisionError in line 2, helper = lambda: samples / 0: division by zero "
        "(for samples=3, kernels=[3], strides=[2])",
        "  case 'one layer, one place'",
        lines(check.frame_count(write(code)))[-1],
    ]
    inside = "def frame_count(samples, kernels, strides):\n    return torch.ones(2) @ torch.ones(3)"
    assert "RuntimeError in line 2, return torch.ones(2) @ torch.ones(3): " in repr(check.frame_count(write(inside)))


def test_arguments_other_than_the_stubs():
    assert "  Keep the stub's arguments: samples, kernels, strides." in lines(check.frame_count(lambda x: x))


@pytest.mark.parametrize("candidate", [None, 49, "frame_count", [], torch.ones(1)], ids=str)
def test_what_is_no_function(candidate):
    assert "pass the function itself, without calling it" in repr(check.frame_count(candidate))
    assert "pass the function itself" in repr(check.frame_count())


def test_the_first_failure_is_the_smallest_and_says_how_far_it_went():
    code = RIGHT.replace("return samples", "return samples if samples < 100 else 1")
    found = lines(check.frame_count(write(code)))
    assert found[0].startswith("✗ frame_count: samples=") and found[1].endswith("', after 4 right ones")


def test_in_place():
    def normalize_batch(waveforms, lengths):
        for row, length in enumerate(lengths.tolist()):
            clip = waveforms[row, :length]
            clip -= clip.mean()
            clip /= (clip.var(unbiased=False) + 1e-7).sqrt()
        return waveforms

    assert "the function changed its input waveforms in place" in repr(check.normalize_batch(normalize_batch))


def test_progress_counts_this_notebook_and_can_fall():
    fresh = Check()
    count = len(registry.notebook("frames"))
    assert lines(fresh.frame_count(write(RIGHT)))[-1] == f"  1 of {count} in this notebook"
    assert lines(fresh.frame_count(write(RIGHT)))[-1] == f"  1 of {count} in this notebook"
    assert lines(fresh.receptive_field(lambda kernels, strides: None))[-1] == f"  1 of {count} in this notebook"
    assert lines(fresh.frame_count(lambda *a: 0))[-1] == f"  0 of {count} in this notebook"


def test_unknown_names_get_a_suggestion():
    with pytest.raises(AttributeError, match=r"no exercise is called frame_counts; did you mean check\.frame_count\?"):
        _ = check.frame_counts
    with pytest.raises(AttributeError, match="dir"):
        _ = check.zzzzzzzz
    assert dir(check) == sorted(registry.exercises())
    assert not hasattr(check, "_ipython_display_")


def test_a_function_may_be_passed_to_check_itself():
    frame_count = write(RIGHT)
    assert repr(check(frame_count)) == repr(check.frame_count(frame_count))
    with pytest.raises(AttributeError, match="no exercise is called <lambda>"):
        check(lambda: 0)
    with pytest.raises(TypeError, match="pass the function itself, without calling it"):
        check(7)


def test_the_card_escapes_what_it_shows():
    def frame_count(samples, kernels, strides):
        raise ValueError("<script>alert(1)</script>")

    html = check.frame_count(frame_count)._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_emphasis_of_a_mistakes_message_is_shown_and_that_of_a_learners_line_is_not():
    wrong = check.split_heads(lambda x, heads: x.reshape(len(x), heads, x.shape[1], -1))
    assert "pieces of other frames." in repr(wrong) and "pieces of <em>other frames</em>." in wrong._repr_html_()

    def split_heads(x, heads):
        return x * heads * undefined  # noqa: F821

    assert "return x * heads * undefined" in repr(check.split_heads(split_heads))
    assert "<em>" not in check.split_heads(split_heads)._repr_html_()


# ── candidates that mean harm ────────────────────────────────────────────────────────────────────────────────────────


class BadError(Exception):
    def __str__(self):
        raise RuntimeError("no")


class WorstError(BaseException):
    def __init__(self):
        pass

    def __getattribute__(self, name):
        raise SystemExit


class Everything:
    """Raises whatever is done to it, except when called."""

    __test__ = False

    def __call__(self, *arguments):
        return self

    def __getattribute__(self, name):
        raise WorstError

    __len__ = __iter__ = __eq__ = __bool__ = __repr__ = __str__ = __hash__ = __index__ = lambda self, *a: 1 / 0


class Meta(type):
    def __getattribute__(cls, name):
        raise WorstError

    def __subclasscheck__(cls, other):
        raise WorstError

    def __instancecheck__(cls, other):
        raise WorstError


def strange_class():
    class WithMeta(metaclass=Meta):  # not in the module itself: pytest looks at what stands there
        pass

    return WithMeta


def throw(error):
    def candidate(*arguments):
        raise error

    return candidate


def recurse(*arguments):
    return recurse(*arguments)


def turn_pytorch_round(*arguments):
    torch.set_default_dtype(torch.float64)
    torch.allclose = torch.equal = lambda *a, **k: True
    return 0


HOSTILE = {
    "SystemExit": throw(SystemExit(0)),
    "GeneratorExit": throw(GeneratorExit()),
    "BadError": throw(BadError()),
    "WorstError": throw(WorstError()),
    "RecursionError": recurse,
    "Everything": Everything(),
    "an object with a bad metaclass": lambda *a: type.__call__(strange_class()),
    "a list of such": lambda *a: [Everything(), type.__call__(strange_class())],
    "a class": strange_class,
    "turned PyTorch": turn_pytorch_round,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("function", ["frame_count", "normalize_batch", "frames_that_hear"])
def test_hostile_candidates_fail_and_never_raise(name, function, monkeypatch):
    monkeypatch.setattr(torch, "allclose", torch.allclose)
    monkeypatch.setattr(torch, "equal", torch.equal)
    try:
        result = getattr(check, function)(HOSTILE[name])
    finally:
        torch.set_default_dtype(torch.float32)
    assert result.status == "failed"
    assert repr(result).startswith("✗") and result._repr_html_().startswith("<div")


def test_an_interruption_passes():
    with pytest.raises(KeyboardInterrupt):
        check.frame_count(throw(KeyboardInterrupt()))


def test_it_is_inert_while_graded(monkeypatch):
    monkeypatch.setenv(GRADING, "1")
    assert check.frame_count(throw(SystemExit(0))) is None
    assert check.there_is_no_such_exercise(1) is None


def test_importing_check_imports_no_chapter():
    code = (
        "import sys; from w2v2course.exercises import check; "
        "print([m for m in sys.modules if m.startswith('w2v2course.exercises.mistakes')], 'matplotlib' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert run.stdout == "[] False\n", run.stderr
