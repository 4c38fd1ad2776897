"""What every test shares: where to run, and one thread, so that results do not depend on the machine's cores."""

import pytest
import torch

torch.set_num_threads(1)

CUDA = pytest.param(
    "cuda",
    marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="SKIPPED LOUDLY: this machine has no CUDA device"),
)


@pytest.fixture(params=["cpu", CUDA])
def device(request) -> torch.device:
    """The CPU, and CUDA where there is one."""
    return torch.device(request.param)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
