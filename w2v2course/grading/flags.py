"""What a person should look at: code that lets the library do the exercise, or reaches for the system.

A flag takes no points away. It is found in the syntax tree, so comments and text in Markdown raise none.
"""

import ast
from collections.abc import Iterable, Sequence

from w2v2course.grading.names import parse

# Library functions that are an exercise of the course, under any import.
BUILT_INS = {
    *("scaled_dot_product_attention", "MultiheadAttention", "multi_head_attention_forward"),
    *("TransformerEncoderLayer", "TransformerEncoder", "ctc_loss", "CTCLoss", "forced_align", "CTCDecoder"),
}
# Nothing that an exercise needs.
SYSTEM = {
    *("subprocess", "socket", "ctypes", "multiprocessing", "threading", "signal", "_exit", "fork", "execv", "kill"),
    *("gc", "_getframe", "memfd_create", "ptrace"),
}


def flags(cells: Sequence[str], references: Iterable[str], given: Iterable[str] = ()) -> list[str]:
    """What to look at, as ``"cell 3: ctc_loss"``.

    Args:
        cells: source of each code cell.
        references: names of the package's functions that do the exercises graded.
        given: names of the package's functions that the exercises ask for; imported from it, they are no flag.
    """
    found: dict[str, None] = {}
    modules: set[str] = set()  # names bound to modules of the package
    for index, source in enumerate(cells):
        try:
            names = _suspicious(parse(source), set(references), set(given), modules)
        except (Exception, RecursionError):  # no Python, or nested beyond measure: it will not run either
            continue
        for name in names:
            found[f"cell {index + 1}: {name}"] = None
    return list(found)


def _suspicious(tree: ast.Module, references: set[str], given: set[str], modules: set[str]) -> list[str]:
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                ours = module.split(".")[0] == "w2v2course" and not module.startswith("w2v2course.exercises")
                for name in names:
                    if ours and name.name in given:
                        continue
                    if ours and name.name in (*references, "*"):
                        found.append(f"{module}.{name.name}")
                    elif ours:
                        modules.add(name.asname or name.name)
                    if name.name in BUILT_INS | SYSTEM or module.split(".")[0] in SYSTEM:
                        found.append(f"{module}.{name.name}")
            case ast.Import(names=names):
                for name in names:
                    if name.name.split(".")[0] == "w2v2course":
                        modules.add(name.asname or "w2v2course")
                    if name.name.split(".")[0] in SYSTEM:
                        found.append(name.name)
            case ast.Attribute(attr=attribute):
                if attribute in BUILT_INS | SYSTEM or (attribute in references and _root(node) in modules):
                    found.append(ast.unparse(node)[:80])
            case ast.Constant(value=str(word)) if word in BUILT_INS:
                found.append(repr(word))
    return found


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
