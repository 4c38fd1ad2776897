from collections import Counter, defaultdict

import torch
import torch.nn.functional as F


def attend_by_formula(query, key, value):
    return torch.softmax(query.double() @ key.double().T / query.shape[-1] ** 0.5, dim=-1) @ value.double()


def attend_in_loops(query, key, value):
    context = torch.zeros(len(query), value.shape[-1])
    for t, q in enumerate(query):
        scores = torch.stack([q @ k for k in key]) / q.numel() ** 0.5
        for weight, v in zip(torch.exp(scores) / torch.exp(scores).sum(), value, strict=True):
            context[t] = context[t] + weight * v
    return context


def split_by_view(x, heads):
    B, T, D = x.shape
    return x.view(B, T, heads, D // heads).transpose(1, 2)


def split_by_slices(x, heads):
    width = x.shape[-1] // heads
    return torch.stack([x[..., h * width : (h + 1) * width] for h in range(heads)], 1).double().numpy()


def mask_then_soften(scores, lengths):
    padding = (torch.arange(scores.shape[-1]) >= lengths[:, None])[:, None]
    return scores.masked_fill(padding, float("-inf")).softmax(-1).nan_to_num(0.0)


def soften_row_by_row(scores, lengths):
    weights = torch.zeros_like(scores)
    for row, length in enumerate(lengths.tolist()):
        if length:
            weights[row, :, :length] = F.softmax(scores[row, :, :length], -1)
    return weights


def gap_as_written(module, x, permutation):
    straight = module(x)
    return (module(x[:, permutation]) - straight[:, permutation]).abs().max() / straight.abs().max()


def gap_by_gather(module, x, permutation):
    x = x.double()
    order = permutation.tolist()
    shuffled = module(torch.stack([x[:, t] for t in order], 1))
    expected = torch.stack([module(x)[:, t] for t in order], 1)
    return float((shuffled - expected).abs().max()) / float(module(x).abs().max())


def blind_by_counting(frames, labels, mirrored):
    wanted = defaultdict(Counter)
    for heard, *both in zip(frames, labels, mirrored, strict=True):
        wanted[heard].update(both)
    return sum(c.total() - c.most_common(1)[0][1] for c in wanted.values())


def blind_by_table(frames, labels, mirrored):
    table = torch.zeros(256, 10)
    for heard, a, b in zip(frames, labels, mirrored, strict=True):
        table[ord(heard), a] += 1
        table[ord(heard), b] += 1
    return (table.sum() - table.max(1).values.sum()).item()


ANSWERS = {
    "attend": (attend_by_formula, attend_in_loops),
    "split_heads": (split_by_view, split_by_slices),
    "masked_softmax": (mask_then_soften, soften_row_by_row),
    "equivariance_gap": (gap_as_written, gap_by_gather),
    "fewest_blind_errors": (blind_by_counting, blind_by_table),
}
