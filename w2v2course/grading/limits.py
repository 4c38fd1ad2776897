"""How much time and space one submission may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes of one submission.

    Attributes:
        cell_cpu: CPU seconds of one cell.
        cell_wall: wall seconds of one cell, after which its worker is killed.
        case_cpu: CPU seconds of one case.
        case_wall: wall seconds of one case.
        total_wall: wall seconds of everything, start-up and re-runs included.
        head_room: bytes of address space that a process may take on top of what the imports took.
        memory: bytes of memory that all processes of a submission hold together.
        processes: processes and threads that may exist at once.
        file: bytes of the largest file.
        scratch: bytes of the private /tmp.
        message: bytes of one frame's JSON, and again of its tensors four times that.
        output: bytes that may be sent in all.
        frames: frames that may be sent in all.
        runs: how often a submission is run again without what killed it.
    """

    cell_cpu: int = 10
    cell_wall: int = 30
    case_cpu: int = 5
    case_wall: int = 15
    total_wall: int = 120
    head_room: int = 768 << 20
    memory: int = 1536 << 20
    processes: int = 32
    file: int = 32 << 20
    scratch: int = 128 << 20
    message: int = 4 << 20
    output: int = 32 << 20
    frames: int = 5_000
    runs: int = 3
