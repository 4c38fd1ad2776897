"""What the course claims about speed and memory, measured: ours against a peer, in one run.

``python -m benchmarks`` runs every script here and prints one table; ``python -m benchmarks.model`` runs one alone.
A script is a module with a function ``cases() -> list[Case]`` (see ``benchmarks.harness``) and, at its end,
``if __name__ == "__main__": main(__file__)``.
"""
