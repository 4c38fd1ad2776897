import torch
import torch.nn.functional as F
from torch import nn


def parameters_by_hand(dim, ffn_dim):
    return 4 * (dim**2 + dim) + (dim * ffn_dim + ffn_dim) + (ffn_dim * dim + dim) + 2 * (2 * dim)


def parameters_by_building(dim, ffn_dim):
    parts = [nn.Linear(dim, dim) for _ in range(4)]
    parts += [nn.Linear(dim, ffn_dim), nn.Linear(ffn_dim, dim), nn.LayerNorm(dim), nn.LayerNorm(dim)]
    return torch.tensor(sum(p.numel() for part in parts for p in part.parameters()))


def spans_by_slices(starts, length, frames):
    mask = torch.zeros(frames, dtype=torch.bool)
    for start in starts:
        mask[start : start + length] = True
    return mask


def spans_by_counting(starts, length, frames):
    drawn = torch.zeros(frames)
    drawn[list(starts)] = 1
    covering = drawn.cumsum(0) - F.pad(drawn, (length, 0))[:frames].cumsum(0)
    return covering > 0


def time_by_formula(x, eps):
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
    return (x - mean) / torch.sqrt(variance + eps)


def time_row_by_row(x, eps):
    y = torch.zeros_like(x, dtype=torch.float64)
    for b, row in enumerate(x.double()):
        for c, channel in enumerate(row):
            centred = channel - channel.mean()
            y[b, c] = centred / (centred.pow(2).mean() + eps) ** 0.5
    return y


def layer_in_two_branches(x, attention, feed_forward, norm_first):
    norm = nn.LayerNorm(x.shape[-1])
    if norm_first:
        x = x + attention(norm(x))
        return x + feed_forward(norm(x))
    x = norm(x + attention(x))
    return norm(x + feed_forward(x))


def layer_in_a_loop(x, attention, feed_forward, norm_first):
    def norm(y):
        centred = y - y.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()

    x = x.double()
    for block in (attention, feed_forward):
        x = x + block(norm(x)) if norm_first else norm(x + block(x))
    return x


def share_in_a_sum(frames, rate, length):
    return sum(1 - (1 - rate) ** min(t + 1, length) for t in range(frames)) / frames


def share_at_once(frames, rate, length):
    reach = torch.arange(1, frames + 1).clamp(max=length)
    return (1 - torch.tensor(1 - rate, dtype=torch.float64) ** reach).mean()


ANSWERS = {
    "layer_parameters": (parameters_by_hand, parameters_by_building),
    "span_mask": (spans_by_slices, spans_by_counting),
    "norm_over_time": (time_by_formula, time_row_by_row),
    "layer_forward": (layer_in_two_branches, layer_in_a_loop),
    "masked_share": (share_in_a_sum, share_at_once),
}
