import math

import torch

from w2v2course.ctc.batched_search import Beam, _best_first


def test_tied_candidates_are_ordered_by_what_they_say():
    """Prefixes (2,), () and (1, 3); labels 1 and 2 may follow. All scores equal, but one."""
    said = torch.tensor([[[2, -1, -1], [-1, -1, -1], [1, 3, -1]]])
    nothing = torch.zeros(1, 3)
    beam = Beam(said, torch.tensor([[1, 0, 2]]), *[nothing] * 7)
    sayings = [(2,), (), (1, 3), (2, 1), (2, 2), (1,), (2,), (1, 3, 1), (1, 3, 2)]
    score = torch.full((1, 9), -1.0, dtype=torch.float64)
    score[0, 6] = -math.inf  # merged into the first
    score[0, 4] = -0.5
    [order] = _best_first(score, beam, torch.tensor([[1, 2]])).tolist()
    expected = sorted(range(9), key=lambda n: (-score[0, n].item(), sayings[n]))
    assert order == expected and order[0] == 4 and order[-1] == 6
