"""Break a module in many small ways, one at a time, and see which of them no test notices.

    python packaging/dev/mutate.py MODULE [--number N] [--seed S] TEST…

MODULE is a path such as vmdesk/core/operations/delete.py, each TEST what pytest is to run. The
module is broken in a copy of the tree, so that nothing else is disturbed. Prints the mutants
that survive: each is a line that could be wrong without anybody knowing, or one that says the
same in other words.
"""

import argparse
import ast
import copy
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

OTHER_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OTHER_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Mod: ast.Mult,
}  # fmt: skip
PATIENCE = 100
"""Seconds after which a mutant counts as noticed: it hangs."""


def main() -> None:
    """Run the tests against a sample of mutants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", type=Path)
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--number", type=int, default=20, help="how many, at random")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    source = arguments.module.read_text()
    mutants = list(_mutants(source))
    chosen = random.Random(arguments.seed).sample(mutants, min(arguments.number, len(mutants)))
    survivors = 0
    with TemporaryDirectory(prefix="mutate-") as folder:
        tree = Path(folder, "tree")
        leave = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache")
        shutil.copytree(".", tree, ignore=leave)
        if not _passes(tree, arguments.tests):
            raise SystemExit("The tests fail already.")
        for line, what, text in chosen:
            (tree / arguments.module).write_text(text)
            if _passes(tree, arguments.tests):
                survivors += 1
                _say(f"{arguments.module}:{line}: {what}")
    _say(f"{survivors} of {len(chosen)} survived; there are {len(mutants)} in all")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _passes(tree: Path, tests: list[str]) -> bool:
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            ["env", *(f"{name}={value}" for name, value in environment.items()), *argv],
            cwd=tree,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, description and whole text of each mutant."""
    tree = ast.parse(source)
    passed_over = _said_twice(tree)
    for number, node in enumerate(ast.walk(tree)):
        for other in _others(node) if node not in passed_over else ():
            broken = copy.deepcopy(tree)
            twin = list(ast.walk(broken))[number]
            before, after = (" ".join(ast.unparse(one).split())[:60] for one in (node, other))
            twin.__class__ = other.__class__  # type: ignore[assignment]
            for name in other._fields:
                setattr(twin, name, copy.deepcopy(getattr(other, name, None)))
            text = ast.unparse(ast.fix_missing_locations(broken))
            yield getattr(node, "lineno", 0), f"{before}  →  {after}", text


def _said_twice(tree: ast.AST) -> set[ast.AST]:
    """Return what mypy sees, or what only forbids: annotations, and the arguments of decorators."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        parts = [*getattr(node, "decorator_list", [])]
        parts += [getattr(node, name, None) for name in ("annotation", "returns")]
        for part in parts:
            found |= set(ast.walk(part)) if isinstance(part, ast.AST) else set()
    return found


def _others(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, [operator], [right]) if type(operator) in OTHER_COMPARISONS:
            yield ast.Compare(left, [OTHER_COMPARISONS[type(operator)]()], [right])
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not(), operand):
            yield ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), operand))
        case ast.BinOp(left, operator, right) if type(operator) in OTHER_OPERATORS:
            yield ast.BinOp(left, OTHER_OPERATORS[type(operator)](), right)
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
        case ast.Expr(ast.Call()) | ast.Raise() | ast.Continue() | ast.Break():
            yield ast.Expr(ast.Constant(...))
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))


if __name__ == "__main__":
    main()
