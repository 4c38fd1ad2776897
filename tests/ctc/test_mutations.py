import pytest

from tests.ctc.mutations import MUTATIONS, ROOT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{mutation.module}: {mutation.mistake}")
def test_each_mutation_still_has_its_place(mutation):
    """The list goes stale silently when code is rewritten: every text to be broken stands in its module once."""
    code = (ROOT / "w2v2course" / "ctc" / f"{mutation.module}.py").read_text(encoding="utf-8")
    assert code.count(mutation.old) == 1
    assert mutation.new not in code or mutation.new in mutation.old
