"""Does the oracle chain notice? Breaks the code in one place at a time, in a copy, and lists which of its tests fail.

Run with ``python -m tests.ctc.mutations``; it writes ``benchmarks/results/mutations.csv`` and fails if any mutation
survives. It takes minutes, so it is no part of the tests.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from w2v2course.tables import write_table

ROOT = Path(__file__).resolve().parents[2]
CHAIN = "tests/ctc/test_oracle_chain.py"
RESULT = ROOT / "benchmarks" / "results" / "mutations.csv"
NO_SHRINKING = """\
from hypothesis import Phase, settings
settings.register_profile("once", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("once")
"""


@dataclass(frozen=True)
class Mutation:
    """One mistake: in this module, this text becomes that."""

    mistake: str
    module: str
    old: str
    new: str


MUTATIONS = [
    Mutation("no repeat rule", "table", "states[s] != blank and states[s] != states[s - 2]", "states[s] != blank"),
    Mutation("no skip", "table", "torch.stack([stay, step, skip]).logsumexp(dim=0) + emission[t]",
             "torch.stack([stay, step]).logsumexp(dim=0) + emission[t]"),
    Mutation("max for logsumexp, forward", "table", "torch.stack([stay, step, skip]).logsumexp(dim=0) + emission[t]",
             "torch.stack([stay, step, skip]).amax(dim=0) + emission[t]"),
    Mutation("max for logsumexp, backward", "table", "beta[t] = torch.stack([stay, step, skip]).logsumexp(dim=0)",
             "beta[t] = torch.stack([stay, step, skip]).amax(dim=0)"),
    Mutation("starts in the first state only", "table", "alpha[:1, :2] = emission[:1, :2]",
             "alpha[:1, :1] = emission[:1, :1]"),
    Mutation("ends in the last state only", "table", "beta[-1:, -2:] = 0.0", "beta[-1:, -1:] = 0.0"),
    Mutation("backward counts this frame too", "table", "onward = beta[t + 1] + emission[t + 1]",
             "onward = beta[t + 1] + emission[t]"),
    Mutation("no repeat rule", "batched", "may_skip[:, 3::2] = targets[:, 1:] != targets[:, :-1]",
             "may_skip[:, 3::2] = True"),
    Mutation("no skip", "batched", "now.addcmul_(before[:, :-2], may_skip).mul_(emission)", "now.mul_(emission)"),
    Mutation("no skip, backward", "batched", "            now.addcmul_(onward[:, 2:], skip_from)\n", ""),
    Mutation("max for sum", "batched", "torch.add(before[:, 2:], before[:, 1:-1], out=now)",
             "torch.maximum(before[:, 2:], before[:, 1:-1], out=now)"),
    Mutation("starts in the first state only", "batched", "alpha[0, :, 2:4] = probs[0].gather(1, states[:, :2])",
             "alpha[0, :, 2:3] = probs[0].gather(1, states[:, :1])"),
    Mutation("ends in the last state only", "batched", "((place == last) | (place == last - 1))", "(place == last)"),
    Mutation("sign of the gradient", "batched", "classes[..., :C].neg_()", "classes[..., :C]"),
    Mutation("no repeat rule", "compiled", "1.0 if target[i - 1] != target[i - 2] else 0.0", "1.0"),
    Mutation("no skip", "compiled", " + skip[i] * label_before[i - 1])", ")"),
    Mutation("no skip, backward", "compiled", "from_label[i] + from_gap[i] + skip[i + 1] * from_label[i + 1]",
             "from_label[i] + from_gap[i]"),
    Mutation("max for sum", "compiled", "gap_now[i] = (gap_before[i] + label_before[i]) * emit_blank",
             "gap_now[i] = max(gap_before[i], label_before[i]) * emit_blank"),
    Mutation("ends in the last state only", "compiled", "total = gap[T - 1, S] + (label[T - 1, S] if S > 0 else 0.0)",
             "total = gap[T - 1, S]"),
    Mutation("one label short of the band", "compiled", "max(1, S - (T - 1 - t)), min(S, t + 1)",
             "max(1, S - (T - 1 - t)), min(S, t)"),
    Mutation("a log-softmax's share in the gradient", "compiled", "gradient[t] = -shares\n\n        emit_blank",
             "gradient[t] = probs[t] / probs[t].sum() - shares\n\n        emit_blank"),
    Mutation("a repeated label grows from all mass", "prefix_search", "if label == last:", "if False:"),
    Mutation("max for logsumexp", "prefix_search", "a if b == -math.inf else a + math.log1p(math.exp(b - a))", "a"),
    Mutation("a repeat does not stay", "prefix_search",
             "stay.add_label(mass.label + emission[last], (mass.best_label[0] + emission[last], mass.best_label[1]))",
             "pass"),
    Mutation("blank from label mass only", "prefix_search", "stay.blank = total + emission[blank]",
             "stay.blank = max(mass.label, mass.blank) + emission[blank]"),
    Mutation("a repeated label grows from all mass", "batched_search",
             "same = labels[:, None] == last[..., None]", "same = labels[:, None] == last[..., None] - 99"),
    Mutation("no merging with a prefix in the beam", "batched_search",
             "merges = is_parent[:, :, None] & (", "merges = False & is_parent[:, :, None] & ("),
    Mutation("a repeated label grows from all mass", "compiled_search",
             "next_mass[LABEL, n] = (mass[BLANK, w] if same else total[w])", "next_mass[LABEL, n] = (total[w])"),
    Mutation("no merging with a prefix in the beam", "compiled_search", "if u >= 0 and allowed[last] == t:",
             "if u >= 0 and allowed[last] == t + 1:"),
    Mutation("no skip", "forced", ".masked_fill(~may_skip, -math.inf)", ".masked_fill(may_skip < 2, -math.inf)"),
    Mutation("must end in a blank", "forced", "state = last - int(last > 0 and ends[b, last - 1] >= ends[b, last])",
             "state = last"),
    Mutation("sum for max", "forced", "        score[:, 2:] = torch.where(t < real, best +",
             "        best = torch.stack([stay, step, skip]).logsumexp(dim=0)\n"
             "        score[:, 2:] = torch.where(t < real, best +"),
    Mutation("the label that is skipped to may be equal", "alignments", "and states[s] != states[s + 2]", "and True"),
    Mutation("blanks dropped before merging", "alignments",
             "tuple(symbol for symbol, _ in groupby(symbols(path, \"path\")) if symbol != blank)",
             "tuple(symbol for symbol, _ in groupby(s for s in symbols(path, \"path\") if s != blank))"),
    Mutation("the smallest for the largest", "decoding", "log_probs.max(dim=-1)", "log_probs.min(dim=-1)"),
]  # fmt: skip


def caught_by(mutation: Mutation) -> list[str]:
    """The tests of the chain that fail on a copy with this mistake."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("w2v2course", "tests"):
            shutil.copytree(ROOT / part, copy / part)
        (copy / "tests" / "ctc" / "conftest.py").write_text(NO_SHRINKING, encoding="utf-8")
        broken = copy / "w2v2course" / "ctc" / f"{mutation.module}.py"
        code = broken.read_text(encoding="utf-8")
        if code.count(mutation.old) != 1:
            raise ValueError(
                f"{mutation.module}: {mutation.old!r} stands there {code.count(mutation.old)} times, not once"
            )
        broken.write_text(code.replace(mutation.old, mutation.new), encoding="utf-8")
        if mutation.module == "compiled":  # kept machine code of its callers would hold the old one
            for kept in (copy / "w2v2course" / "ctc" / "__pycache__").glob("compiled*.nb*"):
                kept.unlink()
        command = [sys.executable, "-m", "pytest", "-q", "--hypothesis-seed=0", "-c", "/dev/null", "--rootdir=.", CHAIN]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{mutation}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return re.findall(rf"^FAILED {re.escape(CHAIN)}::test_(\w+)", done.stdout, flags=re.MULTILINE)


def main() -> None:
    found = {mutation: caught_by(mutation) for mutation in tqdm(MUTATIONS, desc="mutations")}
    rows = [
        {
            "module": mutation.module,
            "mistake": mutation.mistake,
            "caught": "yes" if tests else "NO",
            "tests that fail": "; ".join(tests),
        }
        for mutation, tests in found.items()
    ]
    origin = {
        "made by": "python -m tests.ctc.mutations",
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": f"python {platform.python_version()}, torch {version('torch')}, numba {version('numba')}",
    }
    write_table(RESULT, rows, origin)
    survivors = [f"{mutation.module}: {mutation.mistake}" for mutation, tests in found.items() if not tests]
    if survivors:
        sys.exit("no test noticed: " + "; ".join(survivors))


if __name__ == "__main__":
    main()
