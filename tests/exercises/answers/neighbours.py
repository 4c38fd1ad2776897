import torch
import torch.nn.functional as F


def slide_in_a_loop(x, taps):
    reach, result = len(taps) // 2, []
    for t in range(len(x)):
        places = [(t + k - reach, tap) for k, tap in enumerate(taps)]
        result.append(sum((x[s] * tap for s, tap in places if 0 <= s < len(x)), torch.tensor(0.0)))
    return torch.stack(result)


def slide_at_once(x, taps):
    return F.pad(x.double(), (len(taps) // 2,) * 2).unfold(0, len(taps), 1) @ taps.double()


def gain_tap_by_tap(v, g):
    weight = v.clone()
    for k in range(v.shape[-1]):
        weight[..., k] = g[0, 0, k] * v[..., k] / v[..., k].square().sum().sqrt()
    return weight


def gain_at_once(v, g):
    return v.double() * (g / torch.linalg.vector_norm(v, dim=(0, 1), keepdim=True))


def zero_row_by_row(x, lengths):
    y = torch.zeros_like(x)
    for row, length in enumerate(lengths.tolist()):
        y[row, :length] = x[row, :length]
    return y


def zero_by_where(x, lengths):
    real = (torch.arange(x.shape[1]) < lengths[:, None]).unsqueeze(-1)
    return torch.where(real, x, 0.0).double()


def layer_by_conv1d(x, weight, bias, groups):
    y = F.conv1d(x.transpose(1, 2), weight, bias, padding=weight.shape[-1] // 2, groups=groups)
    if weight.shape[-1] % 2 == 0:
        y = y[:, :, :-1]
    return F.gelu(y).transpose(1, 2)


def layer_by_windows(x, weight, bias, groups):
    width = x.shape[-1] // groups
    K = weight.shape[-1]
    windows = F.pad(x, (0, 0, K // 2, K - 1 - K // 2)).unfold(1, K, 1)  # (B, T, D, K)
    result = []
    for group in range(groups):
        part = slice(group * width, (group + 1) * width)
        result.append(torch.einsum("btik,oik->bto", windows[:, :, part], weight[part]))
    return F.gelu(torch.cat(result, -1) + bias).double()


def leak_by_windows(frames, taps):
    left, right = taps // 2, taps - 1 - taps // 2
    return [t for t in range(frames) if t - left < 0 or t + right >= frames]


def leak_by_sets(frames, taps):
    start = set(range(taps // 2))
    end = set(range(frames - (taps - 1) // 2, frames))
    return torch.tensor(sorted((start | end) & set(range(frames))))


ANSWERS = {
    "slide": (slide_in_a_loop, slide_at_once),
    "tap_gain": (gain_tap_by_tap, gain_at_once),
    "zero_past_the_end": (zero_row_by_row, zero_by_where),
    "convolutional_positions": (layer_by_conv1d, layer_by_windows),
    "leaky_frames": (leak_by_windows, leak_by_sets),
}
