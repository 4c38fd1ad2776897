"""What the course claims about speed and memory, measured: ours against a peer, in one run.

``python -m benchmarks`` runs every script here and prints one table; ``python -m benchmarks.model`` runs one alone.
A script is a module with a function ``cases() -> list[Case]`` (see ``benchmarks.harness``) and, at its end,
``if __name__ == "__main__": main(__file__)``.
"""

import os

# Threads that wait for one another sleep, ours and the peer's: where something else runs too, a thread that spins
# holds the very processor that the other one needs. OpenMP reads this when PyTorch is loaded, so it stands here.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
