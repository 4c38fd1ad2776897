"""Connectionist temporal classification, whole (chapters `alignments` to `spans`), one file an idea.

Graves, Fernández, Gomez and Schmidhuber (2006), "Connectionist Temporal Classification: Labelling Unsegmented
Sequence Data with Recurrent Neural Networks".
"""

from w2v2course.ctc.alignments import collapse, count_alignments, expand, minimum_frames
from w2v2course.ctc.decoding import Hypothesis, greedy_decode

__all__ = ["Hypothesis", "collapse", "count_alignments", "expand", "greedy_decode", "minimum_frames"]
