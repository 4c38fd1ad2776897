import pytest
import torch

from w2v2course.lengths import check_alike, check_frames, check_lengths, padding_mask

CPU = torch.device("cpu")


def test_padding_mask_is_true_where_padding_stands():
    mask = padding_mask(torch.tensor([2, 0, 3]), 3)
    assert mask.tolist() == [[False, False, True], [True, True, True], [False, False, False]]


def test_lengths_pass_through_as_int64():
    checked = check_lengths(torch.tensor([1, 4], dtype=torch.int32), 2, 4, CPU)
    assert checked.dtype == torch.int64 and checked.tolist() == [1, 4]
    assert check_lengths(None, 2, 4, CPU) is None


def test_values_are_not_looked_at_on_meta():
    lengths = torch.tensor([99, -1], device="meta")
    assert check_lengths(lengths, 2, 4, torch.device("meta")).is_meta


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        ([3, 2], TypeError, r"lengths must be an integer tensor of shape \(2,\) or None, but is a list"),
        (torch.tensor([3.0, 2.0]), TypeError, r"lengths must hold integers, but its dtype is torch.float32"),
        (torch.tensor([True, False]), TypeError, r"lengths must hold integers, but its dtype is torch.bool"),
        (torch.tensor([3]), ValueError, r"lengths must have shape \(2,\).*is \(1,\)"),
        (torch.tensor([[3, 2]]), ValueError, r"lengths must have shape \(2,\)"),
        (torch.tensor([3, 5]), ValueError, r"lengths\[1\] is 5, but the row holds only 4 frames"),
        (torch.tensor([-1, 4]), ValueError, r"lengths\[0\] is -1, but must be at least 0"),
        (torch.tensor([3, 2], device="meta"), ValueError, r"lengths is on meta and the data on cpu; move it"),
    ],
)
def test_bad_lengths_get_a_sentence(lengths, error, message):
    with pytest.raises(error, match=message):
        check_lengths(lengths, 2, 4, CPU)


def test_the_least_length_is_the_callers():
    with pytest.raises(ValueError, match=r"input_lengths\[1\] is 3, but must be at least 5: it counts real samples"):
        check_lengths(torch.tensor([9, 3]), 2, 9, CPU, name="input_lengths", unit="samples", least=5)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([[1.0]], TypeError, "x must be a tensor, but is a list"),
        (
            torch.zeros(1, 2, 3, dtype=torch.long),
            TypeError,
            "x must hold floating numbers, but its dtype is torch.int64",
        ),
        (torch.zeros(2, 3), ValueError, r"x must have three axes \(B, T, D\), but its shape is \(2, 3\)"),
        (torch.zeros(1, 2, 3), ValueError, r"x must have width D = 4, but its shape is \(1, 2, 3\)"),
    ],
)
def test_bad_frames_get_a_sentence(x, error, message):
    with pytest.raises(error, match=message):
        check_frames(x, dim=4)


def test_another_device_or_dtype_than_the_module_gets_a_sentence():
    weight = torch.zeros(1)
    with pytest.raises(ValueError, match="x is on meta and the module on cpu; move one of them"):
        check_alike(torch.zeros(1, device="meta"), weight, "x")
    with pytest.raises(ValueError, match=r"x is torch.float64 and the module torch.float32; convert one of them"):
        check_alike(weight.double(), weight, "x")
    with torch.autocast("cpu", torch.bfloat16):
        check_alike(weight.bfloat16(), weight, "x")


@pytest.fixture
def looks(monkeypatch):
    """How often values are looked at: each is one synchronisation on an accelerator."""
    counted, aminmax = [], torch.aminmax
    monkeypatch.setattr(torch, "aminmax", lambda x: counted.append(1) or aminmax(x))
    return counted


def test_values_are_looked_at_once_however_deep_they_are_handed(looks):
    from w2v2course.experiments.listener import Listener

    model, frames, lengths = Listener().eval(), torch.randn(2, 6, 16), torch.tensor([6, 3])
    model(frames, lengths)
    assert len(looks) == 1
    model(frames, lengths)
    assert len(looks) == 2, "the caller's tensor may have changed between two calls"


def test_what_was_found_holds_for_other_bounds_and_not_for_changed_values(looks):
    checked = check_lengths(torch.tensor([3, 2]), 2, 4, CPU)
    with pytest.raises(ValueError, match=r"lengths\[0\] is 3, but the row holds only 2 frames"):
        check_lengths(checked, 2, 2, CPU)
    assert len(looks) == 1
    checked[0] = 9
    with pytest.raises(ValueError, match=r"lengths\[0\] is 9, but the row holds only 4 frames"):
        check_lengths(checked, 2, 4, CPU)
    assert len(looks) == 2


def test_lengths_made_in_inference_mode_are_checked():
    with torch.inference_mode():
        lengths = torch.tensor([3, 9])
        with pytest.raises(ValueError, match=r"lengths\[1\] is 9"):
            check_lengths(lengths, 2, 4, CPU)
        assert check_lengths(torch.tensor([3, 2]), 2, 4, CPU).tolist() == [3, 2]
