import torch


def count_in_a_loop(samples, kernels, strides):
    for kernel, stride in zip(kernels, strides, strict=True):
        samples = (samples - kernel) // stride + 1
    return samples


def count_in_one_go(samples, kernels, strides):
    field, hop = field_forwards(kernels, strides), 1
    for stride in strides:
        hop *= stride
    return torch.tensor((samples - field) // hop + 1)


def field_forwards(kernels, strides):
    field, hop = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        field, hop = field + (kernel - 1) * hop, hop * stride
    return field


def field_backwards(kernels, strides):
    needed = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        needed = (needed - 1) * stride + kernel
    return float(needed)


def frame_by_slice(waveform, t, field, hop):
    return waveform[t * hop : t * hop + field]


def frame_by_index(waveform, t, field, hop):
    return waveform.double()[torch.arange(field) + t * hop]


def normalize_row_by_row(waveforms, lengths):
    result = torch.zeros_like(waveforms)
    for row, length in enumerate(lengths.tolist()):
        clip = waveforms[row, :length]
        result[row, :length] = (clip - clip.mean()) / (clip.var(unbiased=False) + 1e-7) ** 0.5
    return result


def normalize_by_mask(waveforms, lengths):
    waveforms = waveforms.double().requires_grad_()
    real = (torch.arange(waveforms.shape[1]) < lengths[:, None]).double()
    mean = (waveforms * real).sum(1) / lengths
    centred = (waveforms - mean[:, None]) * real
    return centred / (centred.pow(2).sum(1, keepdim=True) / lengths[:, None] + 1e-7).sqrt()


def hear_by_trying(n, samples, field, hop):
    return [t for t in range((samples - field) // hop + 1) if t * hop <= n < t * hop + field]


def hear_by_arithmetic(n, samples, field, hop):
    first = max(0, -((field - 1 - n) // hop))
    last = min(n // hop, (samples - field) // hop)
    return range(first, last + 1)


ANSWERS = {
    "frame_count": (count_in_a_loop, count_in_one_go),
    "receptive_field": (field_forwards, field_backwards),
    "frame_samples": (frame_by_slice, frame_by_index),
    "normalize_batch": (normalize_row_by_row, normalize_by_mask),
    "frames_that_hear": (hear_by_trying, hear_by_arithmetic),
}
