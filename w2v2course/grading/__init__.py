"""Grading of a folder of notebooks, whatever they hold: `w2v2course grade SUBMISSIONS/ --out RESULTS/`.

The parent (`command`, `run`, `job`) is trusted. A submission's code runs only in `worker`, inside `sandbox`; what it
sends back is data (`wire`), compared in the parent with values that never entered the sandbox (`assignment`).
"""
