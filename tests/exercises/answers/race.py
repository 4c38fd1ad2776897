import torch


def window_by_offsets(frames, radius):
    time = torch.arange(frames)
    return (time[:, None] - time).abs() <= radius


def window_in_loops(frames, radius):
    mask = torch.zeros(frames, frames, dtype=torch.bool)
    for t in range(frames):
        mask[t, max(0, t - radius) : t + radius + 1] = True
    return mask.numpy()


def codes_by_index(codes, starts, frames):
    return codes[starts[:, None] + torch.arange(frames)]


def codes_clip_by_clip(codes, starts, frames):
    return torch.stack([codes[start : start + frames] for start in starts.tolist()]).double()


def rotate_by_complex_numbers(x, base):
    T, D = x.shape
    angle = torch.arange(T)[:, None] * base ** (-torch.arange(0, D, 2) / D)
    turned = torch.view_as_complex(x.reshape(T, -1, 2).contiguous()) * torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(turned).flatten(1)


def rotate_frame_by_frame(x, base):
    D, rows = x.shape[1], []
    for t, row in enumerate(x.double()):
        turned = row.clone()
        for i in range(0, D, 2):
            angle = torch.tensor(t * base ** (-i / D), dtype=torch.float64)
            turned[i] = row[i] * angle.cos() - row[i + 1] * angle.sin()
            turned[i + 1] = row[i] * angle.sin() + row[i + 1] * angle.cos()
        rows.append(turned)
    return torch.stack(rows)


def windowed_by_mask(query, key, value, radius):
    scores = query @ key.T / query.shape[1] ** 0.5
    return scores.masked_fill(~window_by_offsets(len(query), radius), float("-inf")).softmax(1) @ value


def windowed_by_adding(query, key, value, radius):
    far = torch.from_numpy(~window_in_loops(len(query), radius))
    exponents = (query.double() @ key.double().T / query.shape[1] ** 0.5).exp()
    exponents = torch.where(far, 0.0, exponents)
    return exponents / exponents.sum(1, keepdim=True) @ value.double()


def error_by_mask(predictions, labels, mirrored, lengths):
    real = torch.arange(labels.shape[1]) < lengths[:, None]
    scored = real & (labels != mirrored)
    return ((predictions != labels) & scored).sum() / scored.sum()


def error_by_counting(predictions, labels, mirrored, lengths):
    results = [
        p != y
        for p_row, y_row, m_row, n in zip(*(v.tolist() for v in (predictions, labels, mirrored, lengths)), strict=True)
        for p, y, m in zip(p_row[:n], y_row[:n], m_row[:n], strict=True)
        if y != m
    ]
    return sum(results) / len(results)


def reached_by_sum(radii, frames):
    return min(frames, 2 * sum(radii) + 1)


def reached_by_walking(radii, frames):
    first = last = frames // 2
    for radius in radii:
        first, last = max(0, first - radius), min(frames - 1, last + radius)
    return float(last - first + 1)


ANSWERS = {
    "window_mask": (window_by_offsets, window_in_loops),
    "offset_codes": (codes_by_index, codes_clip_by_clip),
    "rotate_pairs": (rotate_by_complex_numbers, rotate_frame_by_frame),
    "windowed_attention": (windowed_by_mask, windowed_by_adding),
    "informative_error": (error_by_mask, error_by_counting),
    "frames_reached": (reached_by_sum, reached_by_walking),
}
