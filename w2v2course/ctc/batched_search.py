"""Prefix beam search for a whole batch in tensor operations (chapter `decoding`), on any device with float64."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from w2v2course.ctc.hypothesis import Hypothesis
from w2v2course.ctc.language_model import NGram


class Beam(NamedTuple):
    """W prefixes for each of B utterances. Labels and frames are padded with −1, which comes before any label."""

    labels: Tensor  # (B, W, T)
    length: Tensor  # (B, W)
    mass: Tensor  # (B, W, 2): of paths that end in a blank, and of those that end in the last label
    best: Tensor  # (B, W, 2): the best single path of either kind
    frames: Tensor  # (B, W, 2, T): where it begins its labels
    state: Tensor  # (B, W): of the n-gram
    spoken: Tensor  # (B, W): log-probability under the n-gram
    total: Tensor  # (B, W): all mass of the prefix
    score: Tensor  # (B, W)


def prefix_search(
    log_probs: Tensor,
    extensions: Tensor,
    frames: list[int],
    blank: int,
    beam_width: int,
    language_model: NGram | None,
    lm_weight: float,
    length_bonus: float,
) -> list[list[Hypothesis]]:
    """Decode a batch (chapter `decoding`).

    Args:
        log_probs: (B, T, C), float64.
        extensions: (B, T, K), the labels that may extend a prefix.
        frames: real frames of each row.
        blank, beam_width, language_model, lm_weight, length_bonus: as for ``beam_search_decode``.

    Returns:
        For each row what is in the beam at the end, best first.
    """
    B, T, C = log_probs.shape  # utterances, frames, classes
    device = log_probs.device
    tables = (torch.zeros(1, C, dtype=torch.double), torch.zeros(1, C, dtype=torch.long))
    if language_model is not None:
        tables = (torch.from_numpy(language_model.log_probs), torch.from_numpy(language_model.next_state))
    tables = (tables[0].to(device), tables[1].to(device))
    start = 0 if language_model is None else language_model.start

    impossible = torch.full((B, 1, 2), -math.inf, dtype=torch.double, device=device)
    nothing = impossible.clone()
    nothing[..., 0] = 0.0
    zero = torch.zeros(B, 1, dtype=torch.double, device=device)
    empty = torch.full((B, 1, T), -1, device=device)
    length = torch.zeros(B, 1, dtype=torch.long, device=device)
    beam = Beam(
        empty, length, nothing, nothing.clone(), empty[:, :, None].repeat(1, 1, 2, 1), length + start, zero, zero, zero
    )

    real = torch.tensor(frames, device=device)
    for t in range(max(frames, default=0)):
        after = _step(beam, log_probs[:, t], extensions[:, t], t, blank, beam_width, tables, lm_weight, length_bonus)
        beam = after if t < min(frames) else _keep_finished(t >= real, beam, after)
    return [_answers(Beam(*(x[b] for x in beam))) for b in range(B)]


def _step(
    beam: Beam,
    emission: Tensor,
    labels: Tensor,
    t: int,
    blank: int,
    beam_width: int,
    tables: tuple[Tensor, Tensor],
    lm_weight: float,
    length_bonus: float,
) -> Beam:
    """One frame: emission (B, C), labels (B, K)."""
    W, K = beam.labels.shape[1], labels.shape[1]  # prefixes; labels that may extend them
    last = beam.labels.gather(2, (beam.length - 1).clamp(min=0)[..., None])[..., 0]  # (B, W), −1 for the empty prefix
    by_label = beam.best[..., 1] >= beam.best[..., 0]
    best = torch.where(by_label, beam.best[..., 1], beam.best[..., 0])
    frames = torch.where(by_label[..., None], beam.frames[:, :, 1], beam.frames[:, :, 0])  # (B, W, T)

    # A new label, (B, W, K): equal to the last one only after a blank.
    same = labels[:, None] == last[..., None]
    new_emission = emission.gather(1, labels)[:, None]
    grown = torch.where(same, beam.mass[..., :1], beam.total[..., None]) + new_emission
    grown_best = torch.where(same, beam.best[..., :1], best[..., None]) + new_emission

    # A blank, or the last label once more: (B, W) each.
    again = emission.gather(1, last.clamp(min=0)).masked_fill(last < 0, -math.inf)
    stay_blank, stay_label = beam.total + emission[:, blank, None], beam.mass[..., 1] + again
    stay_best_blank, stay_best_label = best + emission[:, blank, None], beam.best[..., 1] + again
    stay_frames = beam.frames[:, :, 1]

    # Where prefix u and a new label are prefix v, which is in the beam: masses add, and u's extension is no candidate.
    head = beam.labels.scatter(2, (beam.length - 1).clamp(min=0)[..., None], -1)
    alive = beam.total > -math.inf
    is_parent = (beam.labels[:, :, None] == head[:, None]).all(3) & (beam.length[:, None] > 0)  # (B, u, v)
    is_parent &= alive[:, :, None] & alive[:, None]
    merges = is_parent[:, :, None] & (labels[:, None, :, None] == last[:, None, None])  # (B, u, K, v)
    joined = grown[..., None].masked_fill(~merges, -math.inf).amax((1, 2))  # (B, v): there is one parent at most
    joined_best = grown_best[..., None].masked_fill(~merges, -math.inf).amax((1, 2))
    stay_label = stay_label.logaddexp(joined)
    renewed = joined_best > stay_best_label
    stay_best_label = stay_best_label.maximum(joined_best)
    u = merges.any(2).long().argmax(1)  # (B, v)
    same_as_parent = last.gather(1, u) == last
    before = torch.where(same_as_parent[..., None], _rows(beam.frames[:, :, 0], u), _rows(frames, u))
    stay_frames = torch.where(renewed[..., None], _append(before, beam.length - 1, t), stay_frames)
    grown = grown.masked_fill(merges.any(3), -math.inf)

    # Candidates: the W that stay, then W · K that grow.
    spoken = beam.spoken[..., None] + tables[0][beam.state[..., None], labels[:, None]]
    stay_total = stay_blank.logaddexp(stay_label)
    stay_score = stay_total + lm_weight * beam.spoken + length_bonus * beam.length.double()
    grown_score = grown + length_bonus * (beam.length[..., None].double() + 1)
    if lm_weight != 0:
        grown_score = grown_score + lm_weight * spoken
    score = torch.cat([stay_score, grown_score.flatten(1)], 1)  # (B, W + W K)
    chosen = _best_first(score, beam, labels)[:, :beam_width]

    grows = chosen >= W
    slot = torch.where(grows, (chosen - W) // max(K, 1), chosen)
    place = torch.where(grows, chosen - W, 0)
    label = labels.gather(1, place % max(K, 1))
    length = beam.length.gather(1, slot)
    said = _rows(beam.labels, slot)
    after_same = (last.gather(1, slot) == label)[..., None]
    new_frames = _append(torch.where(after_same, _rows(beam.frames[:, :, 0], slot), _rows(frames, slot)), length, t)

    def pick(staying: Tensor, growing: Tensor) -> Tensor:
        return torch.where(grows, growing.flatten(1).gather(1, place), staying.gather(1, slot))

    nowhere = torch.full_like(grown, -math.inf)
    score = score.gather(1, chosen)
    mass = torch.stack([pick(stay_blank, nowhere), pick(stay_label, grown)], 2)
    dead = score == -math.inf
    return Beam(
        labels=torch.where(grows[..., None], _append(said, length, label), said),
        length=length + grows,
        mass=mass.masked_fill(dead[..., None], -math.inf),
        best=torch.stack([pick(stay_best_blank, nowhere), pick(stay_best_label, grown_best)], 2),
        frames=torch.stack(
            [_rows(frames, slot), torch.where(grows[..., None], new_frames, _rows(stay_frames, slot))], 2
        ),
        state=pick(beam.state, tables[1][beam.state[..., None], labels[:, None]]),
        spoken=pick(beam.spoken, spoken),
        total=pick(stay_total, grown).masked_fill(dead, -math.inf),
        score=score,
    )


def _best_first(score: Tensor, beam: Beam, labels: Tensor) -> Tensor:
    """The order of the candidates, (B, W + W K): by score to nine decimals, then by what they say."""
    rank = torch.where(score.isinf(), score, torch.floor(score * 1e9 + 0.5))
    value, order = rank.sort(dim=1, descending=True, stable=True)
    tied = (value[:, 1:] == value[:, :-1]) & (value[:, 1:] > -math.inf)
    if not tied.any():
        return order
    longest = int(beam.length.max()) + 1
    columns = torch.nn.functional.pad(beam.labels, (0, 1), value=-1)[..., :longest]  # (B, W, longest)
    grown = columns[:, :, None].repeat(1, 1, labels.shape[1], 1)
    at = beam.length[..., None, None].expand(-1, -1, labels.shape[1], 1)
    grown.scatter_(3, at, labels[:, None, :, None].expand(-1, columns.shape[1], -1, -1))
    columns = torch.cat([columns, grown.flatten(1, 2)], 1)
    order = torch.arange(score.shape[1], device=score.device).expand_as(score)
    for column in reversed(range(longest)):  # stable sorts, the most important key last
        order = order.gather(1, columns[..., column].gather(1, order).sort(dim=1, stable=True).indices)
    return order.gather(1, rank.gather(1, order).sort(dim=1, descending=True, stable=True).indices)


def _rows(x: Tensor, index: Tensor) -> Tensor:
    """Rows of x (B, W, T) at index (B, V): (B, V, T)."""
    return x.gather(1, index[..., None].expand(-1, -1, x.shape[2]))


def _append(x: Tensor, length: Tensor, value: Tensor | int) -> Tensor:
    """x (B, W, T) with a value put at place `length` (B, W) of each row."""
    value = value[..., None] if isinstance(value, Tensor) else torch.full_like(length[..., None], value)
    return x.scatter(2, length.clamp(min=0, max=x.shape[2] - 1)[..., None], value)


def _keep_finished(finished: Tensor, before: Beam, after: Beam) -> Beam:
    """Rows that have ended stay as they were; the beam may have grown wider meanwhile, so they are padded."""
    kept = []
    for name, old, new in zip(Beam._fields, before, after, strict=True):
        if old.shape[1] < new.shape[1]:
            fill = (
                -math.inf if name in ("mass", "best", "total", "score") else -1 if name in ("labels", "frames") else 0
            )
            old = torch.cat([old, torch.full_like(new[:, old.shape[1] :], fill)], 1)
        kept.append(torch.where(finished.reshape(-1, *(1,) * (new.ndim - 1)), old, new))
    return Beam(*kept)


def _answers(beam: Beam) -> list[Hypothesis]:
    """One utterance's beam as hypotheses."""
    answers = []
    for w, (size, score) in enumerate(zip(beam.length.tolist(), beam.score.tolist(), strict=True)):
        if score > -math.inf:
            ending = int(beam.best[w, 1] >= beam.best[w, 0])
            labels, frames = beam.labels[w, :size].tolist(), beam.frames[w, ending, :size].tolist()
            answers.append(Hypothesis(tuple(labels), beam.total[w].item(), score, tuple(frames)))
    return answers or [Hypothesis((), -math.inf, -math.inf, ())]  # nothing at all is possible
