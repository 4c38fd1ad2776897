"""Calls of the kernel that no exercise needs, refused by a seccomp filter on top of the sandbox.

Shared memory of System V and anonymous files would hold memory that no process's size shows; the rest makes namespaces,
traces other processes, or is where holes of kernels were found.
"""

import ctypes
import errno
import platform
import struct

# Numbers of the kernel's tables: (x86-64, AArch64).
REFUSED = {
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
X32 = 0x40000000  # a second set of numbers on x86-64
SET_SECCOMP, FILTER = 22, 2


def program(machine: str) -> bytes:
    """The filter in the kernel's form (classic BPF), or nothing for a machine whose numbers are not known here."""
    if machine not in ARCHITECTURES:
        return b""
    column, architecture = ARCHITECTURES[machine]
    numbers = [row[column] for row in REFUSED.values()]
    steps = [(LOAD, 0, 0, 4), (JUMP_EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    steps.append((JUMP_AT_LEAST, len(numbers) + 1, 0, X32))
    steps += [(JUMP_EQUAL, len(numbers) - index, 0, number) for index, number in enumerate(numbers)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def refuse() -> bool:
    """Refuse these calls to this process and all it starts, for good; whether the kernel does so."""
    code = program(platform.machine())
    if not code:
        return False
    text = ctypes.create_string_buffer(code, len(code))
    whole = struct.pack("@HP", len(code) // 8, ctypes.addressof(text))
    return ctypes.CDLL(None).prctl(SET_SECCOMP, FILTER, ctypes.c_char_p(whole), 0, 0) == 0
