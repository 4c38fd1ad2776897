"""One unprivileged user id for each worker that runs on a machine, whoever started it.

Limits of processes count for a user, so two workers must not share one. A name in the kernel's abstract namespace of
sockets marks an id as taken: it frees itself when its owner ends, however that ends, and no file is left.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

FIRST, COUNT = 61_200, 512  # ids that Debian and systemd leave free


@contextmanager
def slot() -> Iterator[int]:
    """A user id that no other worker on this machine has while the block runs; waits if all are taken."""
    if not hasattr(socket, "AF_UNIX") or not os.path.isdir("/proc/self"):  # no Linux: no sandbox, so any number will do
        yield FIRST
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mark:
        while True:
            for uid in range(FIRST, FIRST + COUNT):
                try:
                    mark.bind(f"\0w2v2course-slot-{uid}")
                except OSError:
                    continue
                yield uid
                return
            time.sleep(0.5)
