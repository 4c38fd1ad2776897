"""Prefix beam search in arrays, compiled by numba for the CPU (chapter `decoding`): a tree of prefixes.

A prefix is a node: its parent and one label more. Two beams' worth of numbers, a node for each prefix that was ever
kept, and no dictionary. Importing this module imports numba; ``decoding`` does so at its first call.
"""

import math
from collections.abc import Iterator

import numpy as np
from torch import Tensor

from w2v2course.ctc.compiled import Array, log_add, loops, share_out
from w2v2course.ctc.hypothesis import Hypothesis
from w2v2course.ctc.language_model import NGram


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
    """Decode a batch (chapter `decoding`), rows shared out among as many threads as PyTorch has.

    Args:
        log_probs: (B, T, C), float64, on the CPU.
        extensions: (B, T, K), the labels that may extend a prefix.
        frames: real frames of each row.
        blank, beam_width, language_model, lm_weight, length_bonus: as for ``beam_search_decode``.

    Returns:
        For each row what is in the beam at the end, best first.
    """
    rows, labels = log_probs.contiguous().numpy(), extensions.contiguous().numpy()
    if language_model is None:
        spoken, following, start = np.zeros((1, rows.shape[2])), np.zeros((1, rows.shape[2]), np.int64), 0
    else:
        spoken, following, start = language_model.log_probs, language_model.next_state, language_model.start

    answers: list[list[Hypothesis]] = [[] for _ in rows]

    def work(waiting: Iterator[int]) -> None:
        for b in waiting:
            said, begun, sizes, log_prob, score = search(
                rows[b, : frames[b]], labels[b, : frames[b]], blank, beam_width,
                spoken, following, start, float(lm_weight), float(length_bonus),
            )  # fmt: skip
            for w, size in enumerate(sizes.tolist()):
                prefix, begins = tuple(said[w, :size].tolist()), tuple(begun[w, :size].tolist())
                answers[b].append(Hypothesis(prefix, log_prob[w].item(), score[w].item(), begins))

    share_out(work, len(rows), sum(frames) * beam_width * labels.shape[2])
    return [answer or [Hypothesis((), -math.inf, -math.inf, ())] for answer in answers]  # or nothing is possible


@loops
def search(
    log_probs: Array,
    extensions: Array,
    blank: int,
    beam_width: int,
    spoken: Array,
    following: Array,
    start: int,
    lm_weight: float,
    length_bonus: float,
) -> tuple[Array, Array, Array, Array, Array]:
    """Decode one utterance.

    Args:
        log_probs: (T, C).
        extensions: (T, K), labels that may extend a prefix.
        blank, beam_width: as above.
        spoken, following, start: the n-gram's tables, (states, C), and its first state.
        lm_weight, length_bonus: as above.

    Returns:
        For each prefix in the last beam, best first: labels and frames (padded), how many, log_prob, score.
    """
    T, C = log_probs.shape
    # The tree. Node 0 has said nothing; a child is found among its parent's children.
    nodes = T * beam_width + 1
    parent, label, depth = np.full(nodes, -1), np.full(nodes, -1), np.zeros(nodes, np.int64)
    child, sibling, slot = np.full(nodes, -1), np.full(nodes, -1), np.full(nodes, -1)
    state, lm = np.zeros(nodes, np.int64), np.zeros(nodes)
    state[0] = start
    grown = 1
    # Where best paths begin their labels: a record is a frame, and the record of the label before.
    record_frame, record_before, records = np.full(nodes, -1), np.full(nodes, -1), 1
    # The beam, and the next one: node; masses by ending; best single path by ending, and its record.
    node, next_node = np.zeros(beam_width, np.int64), np.zeros(beam_width, np.int64)
    mass, next_mass = np.full((2, beam_width), -math.inf), np.full((2, beam_width), -math.inf)
    best, next_best = np.full((2, beam_width), -math.inf), np.full((2, beam_width), -math.inf)
    record, next_record = np.zeros((2, beam_width), np.int64), np.zeros((2, beam_width), np.int64)
    BLANK, LABEL = 0, 1
    mass[BLANK, 0] = best[BLANK, 0] = 0.0
    width = 1
    total, score = np.full(beam_width, -math.inf), np.zeros(beam_width)
    total[0] = 0.0
    stay, stay_best = np.empty((2, beam_width)), np.empty((2, beam_width))
    stay_record, renewed = np.zeros((2, beam_width), np.int64), np.zeros(beam_width, np.bool_)
    taken = np.full((beam_width, C), -1)  # the frame in which this extension was merged into a prefix of the beam
    from_slot, by_label, key = np.zeros(beam_width, np.int64), np.zeros(beam_width, np.int64), np.zeros(beam_width)
    found = np.zeros(beam_width)
    allowed = np.full(C, -1)

    for t in range(T):
        emission = log_probs[t]
        for k in range(extensions.shape[1]):
            allowed[extensions[t, k]] = t
        for w in range(width):
            slot[node[w]] = w
        for w in range(width):
            last = label[node[w]]
            # A blank: the prefix stays, however its paths ended.
            ending = LABEL if best[LABEL, w] >= best[BLANK, w] else BLANK
            stay[BLANK, w] = total[w] + emission[blank]
            stay_best[BLANK, w], stay_record[BLANK, w] = best[ending, w] + emission[blank], record[ending, w]
            # The last label once more: it merges, the prefix stays.
            renewed[w] = False
            stay[LABEL, w] = stay_best[LABEL, w] = -math.inf
            if last < 0:
                continue
            stay[LABEL, w] = mass[LABEL, w] + emission[last]
            stay_best[LABEL, w], stay_record[LABEL, w] = best[LABEL, w] + emission[last], record[LABEL, w]
            # The prefix before it is in the beam too and may say this label now: the same prefix, so the masses add.
            u = slot[parent[node[w]]]
            if u >= 0 and allowed[last] == t:
                taken[u, last] = t
                same = label[node[u]] == last  # after the same label, only a blank makes it a new one
                ending = LABEL if not same and best[LABEL, u] >= best[BLANK, u] else BLANK
                stay[LABEL, w] = log_add(stay[LABEL, w], (mass[BLANK, u] if same else total[u]) + emission[last])
                if best[ending, u] + emission[last] > stay_best[LABEL, w]:
                    stay_best[LABEL, w], stay_record[LABEL, w] = best[ending, u] + emission[last], record[ending, u]
                    renewed[w] = True

        # The best of all candidates, kept in order: a few, so each new one is put in its place.
        kept = 0
        for w in range(width):
            v = node[w]
            value = log_add(stay[BLANK, w], stay[LABEL, w]) + lm_weight * lm[v] + length_bonus * depth[v]
            kept = place(value, w, -1, kept, from_slot, by_label, key, found, node, parent, label, depth)
        for w in range(width):
            v = node[w]
            last, said = label[v], lm_weight * lm[v] + length_bonus * (depth[v] + 1)
            for k in range(extensions.shape[1]):
                c = extensions[t, k]
                value = (mass[BLANK, w] if c == last else total[w]) + emission[c]
                value += said + lm_weight * spoken[state[v], c] if lm_weight != 0.0 else said
                if (kept == beam_width and math.floor(value * 1e9 + 0.5) < key[kept - 1]) or taken[w, c] == t:
                    continue
                kept = place(value, w, c, kept, from_slot, by_label, key, found, node, parent, label, depth)

        for w in range(width):
            slot[node[w]] = -1
        for n in range(kept):
            w, c = from_slot[n], by_label[n]
            if c < 0:
                next_node[n] = node[w]
                for ending in (BLANK, LABEL):
                    next_mass[ending, n], next_best[ending, n] = stay[ending, w], stay_best[ending, w]
                    next_record[ending, n] = stay_record[ending, w]
                if renewed[w]:
                    record_frame[records], record_before[records] = t, stay_record[LABEL, w]
                    next_record[LABEL, n] = records
                    records += 1
                continue
            v = child[node[w]]
            while v >= 0 and label[v] != c:
                v = sibling[v]
            if v < 0:
                v, grown = grown, grown + 1
                parent[v], label[v], depth[v] = node[w], c, depth[node[w]] + 1
                sibling[v], child[node[w]] = child[node[w]], v
                state[v], lm[v] = following[state[node[w]], c], lm[node[w]] + spoken[state[node[w]], c]
            same = label[node[w]] == c
            ending = LABEL if not same and best[LABEL, w] >= best[BLANK, w] else BLANK
            next_node[n] = v
            next_mass[BLANK, n] = next_best[BLANK, n] = -math.inf  # nothing of an earlier stay in the beam comes back
            next_mass[LABEL, n] = (mass[BLANK, w] if same else total[w]) + emission[c]
            next_best[LABEL, n] = best[ending, w] + emission[c]
            record_frame[records], record_before[records] = t, record[ending, w]
            next_record[LABEL, n] = records
            records += 1
        node, next_node, mass, next_mass = next_node, node, next_mass, mass
        best, next_best, record, next_record = next_best, best, next_record, record
        width = kept
        for w in range(width):
            total[w] = log_add(mass[BLANK, w], mass[LABEL, w])
            score[w] = found[w]

    labels, frames, sizes = read_out(node[:width], best, record, parent, label, depth, record_frame, record_before)
    return labels, frames, sizes, total[:width], score[:width]


@loops
def read_out(
    node: Array,
    best: Array,
    record: Array,
    parent: Array,
    label: Array,
    depth: Array,
    record_frame: Array,
    record_before: Array,
) -> tuple[Array, Array, Array]:
    """Labels of each node and frames of its best path, from the last to the first; and how many."""
    sizes = depth[node]
    longest = sizes.max() if len(sizes) else 0
    labels, frames = np.full((len(node), longest), -1), np.full((len(node), longest), -1)
    for w in range(len(node)):
        v, r = node[w], record[1, w] if best[1, w] >= best[0, w] else record[0, w]
        for place in range(sizes[w] - 1, -1, -1):
            labels[w, place], frames[w, place] = label[v], record_frame[r]
            v, r = parent[v], record_before[r]
    return labels, frames, sizes


@loops
def place(
    value: float,
    w: int,
    c: int,
    kept: int,
    from_slot: Array,
    by_label: Array,
    key: Array,
    found: Array,
    node: Array,
    parent: Array,
    label: Array,
    depth: Array,
) -> int:
    """Put a candidate, slot w extended by c (−1: not extended), among the best so far. Returns how many there are."""
    if value == -math.inf:
        return kept
    rank = math.floor(value * 1e9 + 0.5)  # scores that agree to nine decimals are equal
    at = kept
    while at > 0:
        other = at - 1
        if rank < key[other]:
            break
        if rank == key[other] and not precedes(
            node[w], c, node[from_slot[other]], by_label[other], parent, label, depth
        ):
            break
        at -= 1
    if at == len(key):
        return kept
    kept = min(kept + 1, len(key))
    for n in range(kept - 1, at, -1):
        from_slot[n], by_label[n], key[n], found[n] = from_slot[n - 1], by_label[n - 1], key[n - 1], found[n - 1]
    from_slot[at], by_label[at], key[at], found[at] = w, c, rank, value
    return kept


@loops
def precedes(a: int, by_a: int, b: int, by_b: int, parent: Array, label: Array, depth: Array) -> bool:
    """Whether the labels of node a, and by_a unless −1, come before those of node b, and by_b: they are not equal."""
    deep_a, deep_b = depth[a] + (by_a >= 0), depth[b] + (by_b >= 0)
    at_a, at_b = deep_a, deep_b
    label_a = label_b = -1  # the label just after the place looked at
    # Climb the longer one until both are equally long, then both until they meet; what was climbed last decides.
    while at_a > at_b:
        if by_a >= 0 and at_a == deep_a:
            label_a = by_a
        else:
            label_a, a = label[a], parent[a]
        at_a -= 1
    while at_b > at_a:
        if by_b >= 0 and at_b == deep_b:
            label_b = by_b
        else:
            label_b, b = label[b], parent[b]
        at_b -= 1
    waiting_a, waiting_b = by_a >= 0 and at_a == deep_a, by_b >= 0 and at_b == deep_b
    while waiting_a or waiting_b or a != b:
        if waiting_a:
            above_a, waiting_a = by_a, False
        else:
            above_a, a = label[a], parent[a]
        if waiting_b:
            above_b, waiting_b = by_b, False
        else:
            above_b, b = label[b], parent[b]
        if a == b and above_a == above_b:  # an extension that is an older node: the longer one goes on from it
            break
        label_a, label_b = above_a, above_b
    return label_a < label_b
