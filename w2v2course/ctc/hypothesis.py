"""What a decoder answers (chapter `decoding`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of an utterance (chapter `decoding`).

    Attributes:
        labels: what is said, blanks dropped.
        log_prob: natural logarithm of the probability of the alignments that were kept (greedy: of the best path).
        score: what orders hypotheses: log_prob, and the language model's share and the length bonus if there are any.
        frames: for each label the frame in which the single best alignment kept begins to emit it.
    """

    labels: tuple[int, ...]
    log_prob: float
    score: float
    frames: tuple[int, ...]
