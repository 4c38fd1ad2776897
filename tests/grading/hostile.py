"""Submissions that mean harm, or are merely broken, and what each must come to.

Each entry says what its author's own scores must be; `FULL` where what was spoilt is no exercise.
"""

from dataclasses import dataclass, field

from tests.grading.notebooks import ATTENTION, COLLAPSE, COUNT, FULL, SETUP, honest, notebook

NOTHING = dict.fromkeys(FULL, 0.0)
NO_ATTENTION = FULL | {"attention": 0.0}
NO_COLLAPSE = FULL | {"collapse": 0.0}
FOUND = "raise RuntimeError('FOUND')"  # what a cell says when it got what it must not get


@dataclass(frozen=True)
class Hostile:
    """One submission.

    Attributes:
        data: the notebook's bytes.
        scores: what it must get, by function.
        says: words that must stand somewhere in its record.
        flag: a word that must stand in a flag, or nothing.
    """

    data: bytes
    scores: dict[str, float] = field(default_factory=lambda: FULL)
    says: str = ""
    flag: str = ""


def cell(source: str, says: str = "", flag: str = "") -> Hostile:
    """An honest notebook with one hostile cell before its answers: it gets full points all the same."""
    return Hostile(honest(before=source), FULL, says, flag)


def attention(body: str, says: str = "", before: str = "", scores: dict[str, float] = NO_ATTENTION) -> Hostile:
    """An honest notebook whose `attention` has this body: it loses those points alone."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f"import os, sys, time, signal, threading\ndef attention(query, key, value):\n{lines}"
    return Hostile(honest(before=before, attention=source), scores, says)


ZEROS = "return torch.zeros_like(value)"
FORGE = """
import json, os, stat
from w2v2course.exercises.plain import plain
from w2v2course.grading import wire
zeros = plain(torch.zeros(1, 2))
text, tensors = wire.pack([zeros, [zeros, zeros, zeros]])
answer = {"is": "answer", "function": "attention", "case": 0, "status": "value", "text": json.dumps({"value": text})}
more = {"is": "answer", "function": "attention", "case": 0, "status": "value", "passed": True, "score": 4}
for name in os.listdir("/proc/self/fd"):
    try:
        pipe = stat.S_ISFIFO(os.stat(int(name)).st_mode)
    except OSError:
        continue
    if pipe:
"""


def forge(what: str) -> str:
    """A cell that does this to the pipe on which the worker sends."""
    return f"{FORGE}        {what}"


SEARCH = """
import os, glob
for place in ("/opt", "/tmp", "/root", "/home", "/work", "/etc", "/run", "/var", "/mnt", "/proc/1", "/proc/self"):
    for folder, folders, files in os.walk(place):
        folders[:] = [f for f in folders if f not in ("site-packages", "lib", "task", "fd", "map_files", "lib-dynload")]
        for name in files:
            path = os.path.join(folder, name)
            try:
                if name in ("environ", "cmdline") or (os.path.isfile(path) and os.path.getsize(path) < 1 << 20):
                    data = open(path, "rb").read()
                    if b"-secret-of-" + b"the-tests" in data:
                        FOUND
            except OSError:
                pass
""".replace("FOUND", FOUND)
ATTENTION_DOUBLE = "    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1) @ v"
LYING_TENSOR = """
class Lie(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True
    __eq__ = __ne__ = lambda self, other: True
    shape = property(lambda self: (1, 2))
    __class__ = property(lambda self: float)
"""

HOSTILE: dict[str, Hostile] = {
    # Time
    "loop in a cell": cell("while True: pass", "took too long"),
    "loop that swallows": cell("while True:\n    try:\n        while True: pass\n    except BaseException: pass"),
    "loop deaf to signals": cell(
        "import signal\nsignal.signal(signal.SIGPROF, signal.SIG_IGN)\nwhile True: pass", "ended its process"
    ),
    "loop in a function": attention("while True: pass", "took too long"),
    "loop that swallows in a function": attention(
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    ),
    "sleep in a function": attention("time.sleep(1e6)", "took too long"),
    # Memory
    "50 GiB": cell("x = bytearray(50 << 30)", "MemoryError"),
    "50 GiB tensor": cell("x = torch.ones(50 << 28)", "RuntimeError"),
    "50 GiB in a function": attention("return torch.ones(50 << 28)"),
    "memory of many": cell(
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        x = bytearray(400 << 20)\n"
        "        x[::4096] = bytes([1]) * len(x[::4096])\n        time.sleep(1e6)\ntime.sleep(1e6)",
        "too much memory",
    ),
    "full disk": cell("with open('/tmp/x', 'wb') as f:\n    while True: f.write(bytes(1 << 20))", "OSError"),
    "many files": cell("for i in range(1 << 10): open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))", "OSError"),
    "memory of nobody": cell(
        "import ctypes, os\nif ctypes.CDLL(None).shmget(0, 1 << 30, 0o1600) != -1: raise RuntimeError('FOUND')\n"
        "os.memfd_create('x')",
        "PermissionError",
        "memfd_create",
    ),
    "namespace of its own": cell(
        "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000) == 0: raise RuntimeError('FOUND')", flag="ctypes"
    ),
    # Processes
    "fork bomb": cell("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    "orphans": cell(
        "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        os.setsid()\n        os.fork()\n"
        "        while True: time.sleep(1)"
    ),
    "fork that comes back": cell("import os\nos.fork()"),
    "fork that comes back in a function": attention(
        "os.fork()\nreturn (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1) @ value", scores=FULL
    ),
    "threads": cell(
        "import threading, time\nfor _ in range(200):\n"
        "    threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()"
    ),
    "busy threads": cell(
        "import threading\ndef spin():\n    while True: pass\n"
        "for _ in range(3): threading.Thread(target=spin, daemon=True).start()"
    ),
    "_exit in a cell": cell("import os\nos._exit(0)", "ended its process", "_exit"),
    "_exit in a function": attention("os._exit(0)", "ended its process"),
    "exit in a cell": cell("import sys\nsys.exit(0)"),
    "exit in a function": attention("sys.exit(0)", "SystemExit"),
    "crash in a cell": cell("import ctypes\nctypes.string_at(0)", "ended its process"),
    "crash in a function": attention("import ctypes\nctypes.string_at(0)", "ended its process"),
    "deep recursion": cell("def f(): return f()\nf()", "RecursionError"),
    "deeper recursion": attention(
        "sys.setrecursionlimit(10**9)\nf = lambda x: [x] * 2 and sorted([x], key=f)\nreturn f(1)"
    ),
    "kills": cell(
        "import os, signal\nfor pid in (os.getppid(), 1, -1, *range(2, 400)):\n"
        "    if pid != os.getpid():\n        try: os.kill(pid, 9)\n        except OSError: pass"
    ),
    "kills its worker": attention("os.kill(os.getppid(), 9)\ntime.sleep(9)"),
    "stops its worker": attention("os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(1e6)"),
    "closes everything": cell("import os\nos.closerange(3, 256)", "ended its process"),
    # Lies
    "patched comparison": attention(
        ZEROS,
        before="import numpy as np\ntorch.allclose = torch.equal = np.allclose = np.isclose = lambda *a, **k: True\n"
        "torch.Tensor.__eq__ = lambda *a: True\nimport w2v2course.exercises.compare as c\nc.compare = lambda *a: None",
    ),
    "patched worker": attention(
        ZEROS, before="import os, json\njson.dumps = lambda *a, **k: '{}'\nos.fork = lambda: 0\nos.write = print"
    ),
    "lying tensor": attention("return torch.zeros_like(value).as_subclass(Lie)", before=LYING_TENSOR),
    "lying string": Hostile(
        honest(
            collapse="class S(str):\n    __eq__ = lambda *a: True\n    __hash__ = str.__hash__\n"
            "def collapse(path): return S('')"
        ),
        NO_COLLAPSE,
    ),
    "lying object": Hostile(
        honest(
            collapse="class Yes:\n    __eq__ = __contains__ = __bool__ = lambda *a: True\n"
            "    __class__ = str\n    __len__ = lambda s: 1\ndef collapse(path): return Yes()"
        ),
        NO_COLLAPSE,
    ),
    "score lines": attention(
        "for f in (1, 2): os.write(f, b'{\"score\": 4}\\nattention: passed\\n')\n"
        "print('attention: 4/4'); print('{\"is\": \"done\"}')\n" + ZEROS
    ),
    "forged frames": Hostile(
        honest(
            before=forge("os.write(int(name), wire.frame(answer, tensors) + wire.frame(more))"),
            attention=f"def attention(query, key, value):\n    {ZEROS}",
        ),
        NO_ATTENTION,
    ),
    "forged end": Hostile(
        honest(
            before=forge("os.write(int(name), wire.frame(answer, tensors) + wire.frame({'is': 'done', 'cpu': 1.0}))")
        ),
        NOTHING,
    ),
    "garbage frames": cell(forge("os.write(int(name), b'\\xff' * 1000)"), "too large"),
    # It says that it is in another cell, so that the wrong one is left out each time: its own loss.
    "endless frames": Hostile(
        honest(before=forge("while True: os.write(int(name), wire.frame({'is': 'cell', 'cell': 9}))")),
        NOTHING,
        "sent too much",
    ),
    "nested frames": cell(forge("os.write(int(name), wire.LENGTHS.pack(200000, 0) + b'[' * 200000)"), "no JSON"),
    "forged pickle": attention(
        "class P:\n    def __reduce__(self): return os.system, ('touch /tmp/w2v2course-was-here',)\nreturn P()",
        "expected a tensor",
    ),
    # Values
    "NaN": attention("return value * float('nan')", "NaN"),
    "float64": Hostile(
        honest(attention="def attention(*a):\n    q, k, v = (x.double() for x in a)\n" + ATTENTION_DOUBLE)
    ),
    "requires_grad": Hostile(honest(attention=ATTENTION.replace("@ value", "@ value.clone().requires_grad_()"))),
    "gradients before the fork": cell("x = torch.ones(3, requires_grad=True)\n(x ** 2).sum().backward()"),
    "changed input": attention("value.zero_()\n" + ZEROS, "expected"),
    "changed input, right answer": attention(
        "out = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1) @ value\nvalue.zero_()\nreturn out",
        "changed its input",
    ),
    "no return": attention("value.sum()", "returned None"),
    "no function": Hostile(honest(attention="attention = 3"), NO_ATTENTION),
    "stub": Hostile(
        honest(attention='def attention(query, key, value):\n    raise NotImplementedError("attention")'),
        NO_ATTENTION,
        "not attempted yet",
    ),
    "no scaling": Hostile(
        honest(attention=ATTENTION.replace(" / math.sqrt(query.shape[-1])", "")),
        FULL | {"attention": 1.0},  # of one frame the weights are one, scaled or not
        "no scaling",
    ),
    "huge tensor": attention("return torch.zeros(40 << 20)"),
    "huge string": Hostile(honest(collapse="def collapse(path): return 'a' * (200 << 20)"), NO_COLLAPSE),
    "huge integer": Hostile(
        honest(count_paths="def count_paths(target, frames): return 1 << (1 << 23)"), FULL | {"count_paths": 0.0}
    ),
    "nested list": Hostile(
        honest(collapse="def collapse(path):\n    x = []\n    for _ in range(10**5): x = [x]\n    return x"),
        NO_COLLAPSE,
    ),
    "giant output": cell(
        "import sys\nfor _ in range(200): print('x' * (1 << 20))\nsys.stderr.write('y' * (50 << 20))\n'z' * (50 << 20)"
    ),
    "evil exception": cell("class E(Exception):\n    def __str__(self): raise self\nraise E"),
    "evil exception in a function": attention(
        "class E(BaseException):\n    def __str__(self):\n        while True: pass\nraise E"
    ),
    "script in an exception": cell("raise ValueError('<script>alert(1)</script>')", "<script>"),
    # Files and network
    "reads the seed": cell(SEARCH),
    "network": cell(
        "import socket\nfor place in (('127.0.0.1', PORT), ('1.1.1.1', 53)):\n"
        f"    try: socket.create_connection(place, 2)\n    except OSError: continue\n    {FOUND}",
        flag="socket",
    ),
    "writes to results": cell(
        "import os\nos.makedirs('RESULTS/records', exist_ok=True)\nopen('RESULTS/scores.csv', 'w').write('mine,9')"
    ),
    "reads the reference": cell(
        "import inspect, w2v2course.attention as a\nif 'softmax' in inspect.getsource(a.attention): " + FOUND
    ),
    "uses the reference": Hostile(
        honest(
            attention="from w2v2course.attention import attention as theirs\ndef attention(*a): return theirs(*a)[0]"
        ),
        NO_ATTENTION,
        "being graded",
        "w2v2course.attention.attention",
    ),
    "imports the reference under its name": Hostile(
        honest(attention="from w2v2course.attention import attention"), NO_ATTENTION, "being graded", "attention"
    ),
    "reaches past the syntax": Hostile(
        honest(attention="exec('from w2v2course.attention import att' + 'ention')"), NO_ATTENTION, "no cell makes"
    ),
    "reads cases": cell(f"from w2v2course.exercises import registry\nif registry.exercises(): {FOUND}"),
    "built-in": Hostile(
        honest(attention="def attention(*a): return torch.nn.functional.scaled_dot_product_attention(*a)"),
        flag="scaled_dot_product_attention",
    ),
    # Broken files
    "no JSON": Hostile(b"Dear grader, give me full marks.", NOTHING, "no notebook"),
    "nested JSON": Hostile(b"[" * 10**6, NOTHING, "no notebook"),
    "no notebook": Hostile(b'{"cells": 3}', NOTHING, "no notebook"),
    "list": Hostile(b"[1, 2]", NOTHING, "no notebook"),
    "empty file": Hostile(b"", NOTHING, "empty"),
    "no cells": Hostile(notebook(), NOTHING, "no code"),
    "strange cells": Hostile(
        b'{"cells": [{"cell_type": "code", "source": 7}], "nbformat": 4, "metadata": {}}', NOTHING, "no notebook"
    ),
    "missing cells": Hostile(notebook(SETUP, COUNT), NOTHING | {"count_paths": 2.0}, "no cell makes"),
    "cells in another order": Hostile(notebook(COLLAPSE, COUNT, SETUP, ATTENTION)),
    "syntax error": cell("def f(:\n  pass", "SyntaxError"),
    "null bytes": cell("x = '\\0'\n\0"),
    "surrogates": cell("raise ValueError('\\ud800')"),
    "wants input": cell("input('?')"),
    "awaits": cell("import asyncio\nawait asyncio.sleep(0)"),
    "magics": cell("%matplotlib inline\n%time 1\n!echo hi\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.show()"),
}
