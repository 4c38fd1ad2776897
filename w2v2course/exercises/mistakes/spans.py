"""Wrong ways to do the exercises of chapter `spans`, and what to say to each."""

import math
from itertools import groupby

import torch
from torch import Tensor

from w2v2course.ctc.alignments import expand
from w2v2course.ctc.table import occupancy
from w2v2course.exercises.specification import Mistake

Spans = list[tuple[str, int, int]]

# spans_from_path


def _runs(path: str) -> Spans:
    """All runs of equal symbols, blanks among them."""
    runs, t = [], 0
    for symbol, run in groupby(path):
        runs.append((symbol, t, t + len(list(run))))
        t = runs[-1][2]
    return runs


def end_inclusive(path: str, blank: str = "ε") -> Spans:
    return [(symbol, start, end - 1) for symbol, start, end in _runs(path) if symbol != blank]


def blanks_are_spans(path: str, blank: str = "ε") -> Spans:
    return _runs(path)


def frame_by_frame(path: str, blank: str = "ε") -> Spans:
    return [(symbol, t, t + 1) for t, symbol in enumerate(path) if symbol != blank]


def last_span_lost(path: str, blank: str = "ε") -> Spans:
    return [(symbol, start, end) for symbol, start, end in _runs(path) if symbol != blank and end < len(path)]


def again_merged(path: str, blank: str = "ε") -> Spans:
    spans: Spans = []
    for symbol, start, end in _runs(path):
        if spans and spans[-1][0] == symbol:
            spans[-1] = (symbol, spans[-1][1], end)
        elif symbol != blank:
            spans.append((symbol, start, end))
    return spans


def stretched_to_next(path: str, blank: str = "ε") -> Spans:
    spans = [(symbol, start, end) for symbol, start, end in _runs(path) if symbol != blank]
    ends = [start for _, start, _ in spans[1:]] + [len(path)]
    return [(symbol, start, end) for (symbol, start, _), end in zip(spans, ends, strict=False)]


def blank_fixed(path: str, blank: str = "ε") -> Spans:
    return [run for run in _runs(path) if run[0] != "ε"]


# span_seconds


Seconds = list[tuple[str, float, float]]


def _seconds(spans: Spans, stride: int, field: int, sample_rate: float, late: int = -1) -> Seconds:
    """Where the first frame's window begins and where the last one's ends."""
    return [
        (label, start * stride / sample_rate, ((end + late) * stride + field) / sample_rate)
        for label, start, end in spans
    ]


def window_forgotten(spans: Spans, stride: int = 320, field: int = 400, sample_rate: int = 16_000) -> Seconds:
    return _seconds(spans, stride, 0, sample_rate, late=0)


def window_for_stride(spans: Spans, stride: int = 320, field: int = 400, sample_rate: int = 16_000) -> Seconds:
    return _seconds(spans, field, field, sample_rate)


def milliseconds(spans: Spans, stride: int = 320, field: int = 400, sample_rate: int = 16_000) -> Seconds:
    return _seconds(spans, stride, field, sample_rate / 1000)


def samples(spans: Spans, stride: int = 320, field: int = 400, sample_rate: int = 16_000) -> Seconds:
    return _seconds(spans, stride, field, 1)


def end_taken_as_inclusive(spans: Spans, stride: int = 320, field: int = 400, sample_rate: int = 16_000) -> Seconds:
    return _seconds(spans, stride, field, sample_rate, late=0)


def whole_seconds(spans: Spans, stride: int = 320, field: int = 400, sample_rate: int = 16_000) -> Seconds:
    exact = _seconds(spans, stride, field, sample_rate)
    return [(label, float(start // 1), float(end // 1)) for label, start, end in exact]


def fixed_sizes(spans: Spans, stride: int = 320, field: int = 400, sample_rate: int = 16_000) -> Seconds:
    return _seconds(spans, 320, 400, 16_000)


# word_spans


def _words(spans: Spans, delimiter: str) -> list[Spans]:
    return [
        list(group) for is_delimiter, group in groupby(spans, lambda span: span[0] == delimiter) if not is_delimiter
    ]


def _put_together(letters: Spans) -> tuple[str, int, int]:
    return "".join(label for label, _, _ in letters), letters[0][1], letters[-1][2]


def last_word_lost(spans: Spans, delimiter: str = "|") -> Spans:
    words, letters = [], []
    for span in spans:
        if span[0] != delimiter:
            letters.append(span)
        elif letters:
            words.append(_put_together(letters))
            letters = []
    return words


def empty_words(spans: Spans, delimiter: str = "|") -> Spans:
    words, letters, start = [], [], 0
    for span in [*spans, (delimiter, spans[-1][2] if spans else 0, 0)]:
        if span[0] != delimiter:
            letters.append(span)
        else:
            words.append(_put_together(letters) if letters else ("", start, span[1]))
            letters, start = [], span[2]
    return words


def from_delimiter(spans: Spans, delimiter: str = "|") -> Spans:
    words, start = [], None
    for group in _words(spans, delimiter):
        before = [span for span in spans if span[0] == delimiter and span[2] <= group[0][1]]
        start = before[-1][2] if before else 0
        words.append((_put_together(group)[0], start, group[-1][2]))
    return words


def up_to_delimiter(spans: Spans, delimiter: str = "|") -> Spans:
    words = []
    for group in _words(spans, delimiter):
        after = [span[1] for span in spans if span[0] == delimiter and span[1] >= group[-1][2]]
        words.append((_put_together(group)[0], group[0][1], after[0] if after else group[-1][2]))
    return words


def delimiter_in_word(spans: Spans, delimiter: str = "|") -> Spans:
    return [_put_together(spans)] if spans else []


def end_of_first_letter(spans: Spans, delimiter: str = "|") -> Spans:
    return [(_put_together(group)[0], group[0][1], group[-1][1]) for group in _words(spans, delimiter)]


# walk_back


def not_turned_round(back: Tensor, state: int) -> list[int]:
    way = []
    for row in reversed(back.tolist()):
        way.append(state)
        state -= row[state]
    return way


def last_state_left_out(back: Tensor, state: int) -> list[int]:
    way = []
    for row in reversed(back.tolist()):
        state -= row[state]
        way.append(state)
    return way[::-1]


def from_the_front(back: Tensor, state: int) -> list[int]:
    way = []
    for row in back.tolist():
        way.append(state)
        state -= row[state]
    return way[::-1]


def steps_as_states(back: Tensor, state: int) -> list[int]:
    way = []
    for row in reversed(back.tolist()):
        way.append(state)
        state = row[state]
    return way[::-1]


def same_column(back: Tensor, state: int) -> list[int]:
    way, here = [], state
    for row in reversed(back.tolist()):
        way.append(here)
        here -= row[state]
    return way[::-1]


# best_table and forced_path


def _table(log_probs: Tensor, target: list[int], blank: int, skip, total: bool = False) -> Tensor:
    """The recursion with a rule for skipping; best way, or log-sum-exp of all."""
    states = expand(target, blank)
    best = log_probs.new_full((len(log_probs), len(states)), -math.inf)
    best[0, :2] = log_probs[0, list(states[:2])]
    for t in range(1, len(log_probs)):
        for s, symbol in enumerate(states):
            back = 2 if s >= 2 and skip(states, s) else min(s, 1)
            ways = best[t - 1, s - back : s + 1]
            best[t, s] = (ways.logsumexp(dim=0) if total else ways.max()) + log_probs[t, symbol]
    return best


def _right(states: tuple[int, ...], s: int) -> bool:
    return s % 2 == 1 and states[s] != states[s - 2]


def sum_of_ways(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _table(log_probs, target, blank, _right, total=True)


def repeat_rule_missing(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _table(log_probs, target, blank, lambda states, s: s % 2 == 1)


def never_skips(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _table(log_probs, target, blank, lambda states, s: False)


def blank_for_every_stay(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    states = expand(target, blank)
    best = _table(log_probs, target, blank, _right)
    for t in range(1, len(log_probs)):
        for s, symbol in enumerate(states):
            back = 2 if s >= 2 and _right(states, s) else min(s, 1)
            ways = best[t - 1, s - back : s + 1] + log_probs[t, symbol]
            ways[-1] = best[t - 1, s] + log_probs[t, blank]
            best[t, s] = ways.max()
    return best


def best_symbol_kept(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    best = _table(log_probs, target, blank, _right)
    return torch.where(best == -math.inf, best, best.cummax(dim=0).values)


def _follow(best: Tensor, states: tuple[int, ...], s: int, skip) -> list[int]:
    """The symbols along the best way into a last state."""
    path = [states[s]]
    for t in range(len(best) - 2, -1, -1):
        ways = [s] + [s - 1] * (s >= 1) + [s - 2] * (s >= 2 and skip(states, s))
        s = max(ways, key=lambda way: float(best[t, way]))
        path.append(states[s])
    return path[::-1]


def _ending(best: Tensor, states: tuple[int, ...]) -> int:
    return max(range(len(states))[-2:], key=lambda s: float(best[-1, s]))


def best_of_each_frame(log_probs: Tensor, target: list[int], blank: int = 0) -> list[int]:
    return log_probs.argmax(dim=1).tolist()


def repeats_melt(log_probs: Tensor, target: list[int], blank: int = 0) -> list[int]:
    def skip(states, s):
        return s % 2 == 1

    states, best = expand(target, blank), _table(log_probs, target, blank, skip)
    return _follow(best, states, _ending(best, states), skip)


def ends_in_blank(log_probs: Tensor, target: list[int], blank: int = 0) -> list[int]:
    states, best = expand(target, blank), _table(log_probs, target, blank, _right)
    return _follow(best, states, len(states) - 1, _right)


def ends_in_label(log_probs: Tensor, target: list[int], blank: int = 0) -> list[int]:
    states, best = expand(target, blank), _table(log_probs, target, blank, _right)
    return _follow(best, states, max(len(states) - 2, 0), _right)


def likeliest_state_of_each_frame(log_probs: Tensor, target: list[int], blank: int = 0) -> list[int]:
    states = expand(target, blank)
    return [states[s] for s in occupancy(log_probs, target, blank).argmax(dim=1).tolist()]


def ends_anywhere(log_probs: Tensor, target: list[int], blank: int = 0) -> list[int]:
    states, best = expand(target, blank), _table(log_probs, target, blank, _right)
    return _follow(best, states, int(best[-1].argmax()), _right)


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "spans_from_path": (
        Mistake(
            "end inclusive",
            end_inclusive,
            "Your spans end with their last frame. Here the end is the frame *after* the last, so that end − start is "
            "the number of frames.",
        ),
        Mistake(
            "blanks have spans",
            blanks_are_spans,
            "Runs of the blank are among your spans. Only letters have spans; the blank is what lies between them.",
        ),
        Mistake(
            "a span for each frame",
            frame_by_frame,
            "A letter that lasts for several frames has several spans with you. A run of equal symbols is one span.",
        ),
        Mistake(
            "last span lost",
            last_span_lost,
            "A letter that lasts until the very end is missing. A span that is still open after the last frame must be "
            "closed.",
        ),
        Mistake(
            "a letter and the same again are one",
            again_merged,
            "aεa are two letters, and two spans. The blank between them ends the first.",
        ),
        Mistake(
            "stretched to the next",
            stretched_to_next,
            "Your spans go on until the next letter begins. The frames between are blank and belong to no letter. "
            "(Some tools do stretch them; then they must say so.)",
        ),
        Mistake(
            "the blank is always ε",
            blank_fixed,
            "It works as long as the blank is written ε. The function is told which symbol it is: use its second "
            "argument.",
        ),
    ),
    "span_seconds": (
        Mistake(
            "window forgotten",
            window_forgotten,
            "Your spans end where the next frame *begins*. The last frame has heard more than that: its window is "
            "longer than the step to the next frame.",
        ),
        Mistake(
            "window taken for the step",
            window_for_stride,
            "You count a whole window a frame. That is how much a frame *sees*; frames *follow* each other by one "
            "stride, and the windows overlap.",
        ),
        Mistake("milliseconds", milliseconds, "These are milliseconds. Seconds were asked for."),
        Mistake(
            "samples",
            samples,
            "These are samples. Divide by how many samples there are in a second.",
        ),
        Mistake(
            "one frame too many",
            end_taken_as_inclusive,
            "Every end is one stride late. The end of a span is the frame *after* its last: which frame was the last?",
        ),
        Mistake(
            "whole seconds",
            whole_seconds,
            "You divide with //, which throws the fractions away. Letters last for hundredths of seconds.",
        ),
        Mistake(
            "fixed sizes",
            fixed_sizes,
            "It works for windows of 25 ms every 20 ms. The function is told stride, window and rate: use them.",
        ),
    ),
    "word_spans": (
        Mistake(
            "last word lost",
            last_word_lost,
            "You close a word when a delimiter comes. After the last word none may come: close what is still open.",
        ),
        Mistake(
            "empty words",
            empty_words,
            "Where two delimiters meet, or one stands at the edge, you make a word without letters. Leave those out.",
        ),
        Mistake(
            "begins at the delimiter",
            from_delimiter,
            "Your words begin where the delimiter before them ends. A word begins with its first letter.",
        ),
        Mistake(
            "ends at the delimiter",
            up_to_delimiter,
            "Your words last until the delimiter after them. A word ends with its last letter.",
        ),
        Mistake(
            "no words apart",
            delimiter_in_word,
            "You put everything into one word, the delimiter included. It belongs to no word and parts them.",
        ),
        Mistake(
            "ends where its last letter begins",
            end_of_first_letter,
            "Your words end where their last letter begins. Take that letter's end.",
        ),
    ),
    "walk_back": (
        Mistake(
            "not turned round",
            not_turned_round,
            "These are the right states from last to first. The path is asked for from first to last.",
        ),
        Mistake(
            "last state left out",
            last_state_left_out,
            "You step back before you write down where you are, so the last state is missing and each stands a frame "
            "late. Write first, then step.",
        ),
        Mistake(
            "from the front",
            from_the_front,
            "You go through the frames from first to last. You know where the path *ends*: begin with the last row.",
        ),
        Mistake(
            "steps taken for states",
            steps_as_states,
            "back[t, s] says how *many* states back the path came from, not which state. Subtract it.",
        ),
        Mistake(
            "column not followed",
            same_column,
            "You always read the column of the last state. After a step back you are in another state: read that "
            "one's.",
        ),
    ),
    "best_table": (
        Mistake(
            "log-sum-exp in place of max",
            sum_of_ways,
            "This is the forward table: it adds all ways into a state. The single best path keeps the best way only.",
        ),
        Mistake(
            "repeat rule missing",
            repeat_rule_missing,
            "You skip the ε between any two letters, equal ones included. Those would merge into one.",
        ),
        Mistake(
            "never skips",
            never_skips,
            "Ways from two states back are missing. Between two letters that differ the ε may be left out.",
        ),
        Mistake(
            "a blank for every stay",
            blank_for_every_stay,
            "Staying in a state costs you the blank's probability. A path that stays in a letter's state emits that "
            "letter again. (A well-known tutorial simplifies it so.)",
        ),
        Mistake(
            "best over all frames",
            best_symbol_kept,
            "You keep the best value that a state ever had. A path must be *somewhere* in every frame, and pays for "
            "each of them.",
        ),
    ),
    "forced_path": (
        Mistake(
            "greedy",
            best_of_each_frame,
            "You take the likeliest symbol of each frame, whatever the target is. That path need not say the target.",
        ),
        Mistake(
            "repeats melt",
            repeats_melt,
            "Two equal labels may stand side by side in your path, and they would merge: collapse it and see. Between "
            "them there must be an ε.",
        ),
        Mistake(
            "must end in ε",
            ends_in_blank,
            "Your path always ends in the last blank. It may end in the last label as well: begin your way back where "
            "the value is better.",
        ),
        Mistake(
            "must end in a label",
            ends_in_label,
            "Your path always ends in the last label. It may end in the blank after it as well: begin your way back "
            "where the value is better.",
        ),
        Mistake(
            "likeliest state of each frame",
            likeliest_state_of_each_frame,
            "You take the likeliest state of each frame, each by itself. Together those need not make a path; follow "
            "the way back from the end instead.",
        ),
        Mistake(
            "ends anywhere",
            ends_anywhere,
            "You begin your way back at the best state of the last frame, whichever it is. A path that ends before the "
            "last label has not said the target.",
        ),
    ),
}
