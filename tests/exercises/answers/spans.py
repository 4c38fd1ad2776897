import re
from itertools import groupby

import numpy as np
import torch

from w2v2course.ctc import expand


def spans_by_walking(path, blank="ε"):
    spans = []
    for t, symbol in enumerate(path):
        if symbol == blank:
            continue
        if t and path[t - 1] == symbol:
            spans[-1] = (symbol, spans[-1][1], t + 1)
        else:
            spans.append((symbol, t, t + 1))
    return spans


def spans_by_pattern(path, blank="ε"):
    return [(m[1], m.start(), m.end()) for m in re.finditer(r"(.)\1*", path) if m[1] != blank]


def seconds_in_a_loop(spans, stride=320, field=400, sample_rate=16_000):
    seconds = []
    for label, start, end in spans:
        seconds.append((label, start * stride / sample_rate, ((end - 1) * stride + field) / sample_rate))
    return seconds


def seconds_by_arrays(spans, stride=320, field=400, sample_rate=16_000):
    starts, ends = np.array([[start, end - 1] for _, start, end in spans]).T * stride
    return list(zip([label for label, _, _ in spans], starts / sample_rate, (ends + field) / sample_rate, strict=True))


def words_by_groups(spans, delimiter="|"):
    groups = [list(g) for is_word, g in groupby(spans, lambda span: span[0] != delimiter) if is_word]
    return [("".join(x[0] for x in g), g[0][1], g[-1][2]) for g in groups]


def words_by_growing(spans, delimiter="|"):
    words, begun = [], False
    for label, start, end in spans:
        if label == delimiter:
            begun = False
        elif begun:
            words[-1] = [words[-1][0] + label, words[-1][1], end]
        else:
            words.append([label, start, end])
            begun = True
    return words


def back_by_loop(back, state):
    states = [state]
    for t in range(len(back) - 1, 0, -1):
        states.insert(0, states[0] - int(back[t, states[0]]))
    return states


def back_by_recursion(back, state):
    if len(back) == 1:
        return torch.tensor([state])
    before = state - int(back[-1, state])
    return torch.cat([back_by_recursion(back[:-1], before), torch.tensor([state])])


def best_in_loops(log_probs, target, blank=0):
    states = expand(target, blank)
    best = [[-np.inf] * len(states) for _ in log_probs]
    for t, row in enumerate(log_probs.tolist()):
        for s, symbol in enumerate(states):
            if t == 0:
                arrived = 0.0 if s < 2 else -np.inf
            else:
                arrived = max(best[t - 1][max(s - 1, 0) : s + 1])
                if s > 2 and s % 2 and symbol != states[s - 2]:
                    arrived = max(arrived, best[t - 1][s - 2])
            best[t][s] = arrived + row[symbol]
    return torch.tensor(best, dtype=torch.double)


def best_by_rows(log_probs, target, blank=0):
    states = list(expand(target, blank))
    skip = torch.tensor([s > 2 and s % 2 == 1 and states[s] != states[s - 2] for s in range(len(states))])
    row = torch.full((len(states),), -torch.inf)
    row[:2] = log_probs[0, states[:2]]
    rows = [row]
    for emission in log_probs[1:, states]:
        padded = torch.nn.functional.pad(rows[-1], (2, 0), value=-torch.inf)
        ways = torch.stack([padded[2:], padded[1:-1], padded[:-2].where(skip, torch.tensor(-torch.inf))])
        rows.append(ways.amax(0) + emission)
    return torch.stack(rows)


def path_from_table(log_probs, target, blank=0):
    states, best = expand(target, blank), best_in_loops(log_probs, target, blank)
    s = max(range(len(states))[-2:], key=lambda s: best[-1, s].item())
    path = [states[s]]
    for row in reversed(best[:-1].tolist()):
        ways = [s, s - 1][: s + 1]
        if s > 2 and s % 2 and states[s] != states[s - 2]:
            ways.append(s - 2)
        s = max(ways, key=row.__getitem__)
        path.append(states[s])
    return path[::-1]


def path_by_carrying(log_probs, target, blank=0):
    """Each state carries its best path along."""
    states = expand(target, blank)
    carried = {s: (log_probs[0, states[s]].item(), [states[s]]) for s in range(len(states))[:2]}
    for row in log_probs[1:].tolist():
        new = {}
        for s, symbol in enumerate(states):
            ways = [s, s - 1] + ([s - 2] if s % 2 and symbol != states[s - 2] else [])
            arrived = [carried[way] for way in ways if way in carried]
            if arrived:
                value, path = max(arrived, key=lambda one: one[0])
                new[s] = (value + row[symbol], [*path, symbol])
        carried = new
    return torch.tensor(max((carried[s] for s in range(len(states))[-2:] if s in carried), key=lambda one: one[0])[1])


ANSWERS = {
    "spans_from_path": (spans_by_walking, spans_by_pattern),
    "span_seconds": (seconds_in_a_loop, seconds_by_arrays),
    "word_spans": (words_by_groups, words_by_growing),
    "walk_back": (back_by_loop, back_by_recursion),
    "best_table": (best_in_loops, best_by_rows),
    "forced_path": (path_from_table, path_by_carrying),
}
