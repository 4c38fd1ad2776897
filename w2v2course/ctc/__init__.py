"""Connectionist temporal classification, whole (chapters `alignments` to `spans`), one file an idea.

Graves, Fernández, Gomez and Schmidhuber (2006), "Connectionist Temporal Classification: Labelling Unsegmented
Sequence Data with Recurrent Neural Networks".
"""

from w2v2course.ctc.alignments import collapse, count_alignments, expand, minimum_frames
from w2v2course.ctc.decoding import Hypothesis, beam_search_decode, greedy_decode
from w2v2course.ctc.enumeration import ctc_loss_by_enumeration, exhaustive_decode
from w2v2course.ctc.forced import Alignment, Span, forced_align
from w2v2course.ctc.language_model import LanguageModel, NGram
from w2v2course.ctc.loss import ctc_loss
from w2v2course.ctc.table import backward_table, forward_table, occupancy

__all__ = [
    "Alignment",
    "Hypothesis",
    "LanguageModel",
    "NGram",
    "Span",
    "backward_table",
    "beam_search_decode",
    "collapse",
    "count_alignments",
    "ctc_loss",
    "ctc_loss_by_enumeration",
    "exhaustive_decode",
    "expand",
    "forced_align",
    "forward_table",
    "greedy_decode",
    "minimum_frames",
    "occupancy",
]
