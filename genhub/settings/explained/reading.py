"""Which variables the settings read, and with which default: found in their source, since no one process reads all."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[1]
# The suite's own settings: shorter times than those of any hub.
LEFT_OUT = {"test.py"}
READERS = {"at_least", "factor", "first", "model_place", "one_of", "origin", "origins", "price_usd", "private_hosts",
           "required", "several", "time_zone", "weights_files"}  # fmt: skip
ENVIRONMENTS = {"env", "os.environ"}
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
# Names that stand in tables and loops of parts.py instead of in a call.
TABLED = re.compile(r"(?:S3|AWS|CELERY|REDIS)(?:_[A-Z0-9]+)+")

Default = str | int | bool | None


def read_defaults() -> dict[str, Default]:
    """Return each variable that the settings read; None where no literal says what holds without it."""
    found: dict[str, Default] = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.name not in LEFT_OUT:
            for name, default in _readings(ast.parse(path.read_text("utf-8"))):
                found[name] = found.get(name) if default is None else default
    return found


def _readings(tree: ast.Module) -> Iterator[tuple[str, Default]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_reader(node.func):
            names = [word for word in map(_literal, node.args) if _is_variable(word)]
            yield from ((str(name), _default(node)) for name in names)
        elif isinstance(node, ast.Constant) and TABLED.fullmatch(str(node.value)):
            yield str(node.value), None


def _is_reader(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in READERS
    return isinstance(function, ast.Attribute) and ast.unparse(function.value) in ENVIRONMENTS


def _default(call: ast.Call) -> Default:
    """Return the literal default of a call: its keyword, else the argument after the name."""
    said = [keyword.value for keyword in call.keywords if keyword.arg == "default"] or call.args[
        1:2
    ]
    value = _literal(said[0]) if said else None
    return None if value == "" or _is_variable(value) else value


def _literal(node: ast.expr) -> Default:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str | int | bool) else None


def _is_variable(value: object) -> bool:
    return isinstance(value, str) and VARIABLE.fullmatch(value) is not None
