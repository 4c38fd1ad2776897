"""Exercises: one specification, run in a notebook by `check` and on the command line by `w2v2course grade`."""

from w2v2course.exercises.checking import check

__all__ = ["check"]
