"""Training a small wav2vec 2.0 with CTC (chapters `learning`, `listen`): ``python -m w2v2course.training --help``."""
