import math

import pytest
import torch

from w2v2course.ctc.arguments import pad_targets, real_frames

CPU = torch.device("cpu")


def test_padded_and_concatenated_targets_become_one_form():
    padded = torch.tensor([[1, 2, 9], [3, -1, -1], [0, 0, 0]], dtype=torch.int32)
    sizes = torch.tensor([2, 1, 0], dtype=torch.int32)
    expected = torch.tensor([[1, 2, 0], [3, 0, 0], [0, 0, 0]])
    targets, lengths = pad_targets(padded, sizes, 3, 5, 0, CPU)
    assert torch.equal(targets, expected) and lengths.tolist() == [2, 1, 0] and targets.dtype == torch.int64
    targets, _ = pad_targets(torch.tensor([1, 2, 3]), sizes, 3, 5, 0, CPU)
    assert torch.equal(targets, expected[:, :2])
    targets, _ = pad_targets(torch.zeros(0, dtype=torch.long), torch.zeros(3, dtype=torch.long), 3, 5, 0, CPU)
    assert targets.shape == (3, 0)


def test_the_last_rows_of_concatenated_targets_are_theirs():
    targets, _ = pad_targets(torch.tensor([1, 1, 1, 2]), torch.tensor([1, 3]), 2, 5, 4, CPU)
    assert targets.tolist() == [[1, 4, 4], [1, 1, 2]]


def test_real_frames_empties_padding_and_finds_not_a_number():
    log_probs = torch.zeros(2, 3, 2)
    log_probs[0, 2] = math.nan
    cleaned, frames = real_frames(log_probs, torch.tensor([2, 3]))
    assert frames == [2, 3] and cleaned.dtype == torch.float64 and not cleaned.isnan().any()
    with pytest.raises(ValueError, match=r"log_probs\[0, 2\] hold not-a-number"):
        real_frames(log_probs, None)
