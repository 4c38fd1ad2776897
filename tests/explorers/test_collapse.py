import pytest

from w2v2course.ctc.alignments import collapse
from w2v2course.explorers.collapse import collapse_explorer, fates, said, typed


def test_fates_on_paper():
    assert fates("aabεb") == ["kept", "merged", "kept", "dropped", "again"]
    assert fates("εaεεb") == ["dropped", "kept", "dropped", "dropped", "kept"]


@pytest.mark.parametrize("path", ["CAAB", "εCAεB", "threεe", "ε", "abab", "aεa"])
def test_what_is_written_is_the_collapse(path):
    written = "".join(s for s, fate in zip(path, fates(path), strict=True) if fate in ("kept", "again"))
    assert written == "".join(collapse(path, blank="ε"))


def test_words():
    assert said("aεa", 3) == "Frame 3 of 3, a: the same letter, but ε came between: new, written. Text so far: aa."
    assert said("aεa", 2) == "Frame 2 of 3, ε: writes nothing. Text so far: a."
    assert said("ε", 1).endswith("Text so far: (nothing).")


def test_what_is_typed():
    assert typed("a- b") == "aεb"


def test_the_first_state_is_there_without_javascript():
    static = collapse_explorer("hhe-l-lo")._repr_html_().split("<script")[0]
    assert static.count("<li ") == 8 and "Text so far: hello." in static


@pytest.mark.parametrize(
    ("path", "error"), [("", ValueError), ("  ", ValueError), ("a" * 41, ValueError), (3, TypeError)]
)
def test_bad_input_gets_a_sentence(path, error):
    with pytest.raises(error, match="path must"):
        collapse_explorer(path)


def test_markup_is_text():
    assert "<b" not in collapse_explorer("<b>")._repr_html_().split("<script")[0].split("<ol")[1].replace("</ol", "")
