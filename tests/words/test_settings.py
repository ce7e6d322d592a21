"""Every variable that the settings read is explained to newcomers, in both languages, and to operators."""

import ast
import re

import pytest

from tests.words.sources import ROOT

READERS = {"at_least", "factor", "first", "model_place", "one_of", "origin", "origins",
           "price_usd", "required", "weights_files"}  # fmt: skip
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
# Set by the hub itself, or by Django's own command line.
UNEXPLAINED = {"DJANGO_SETTINGS_MODULE"}
# Only `manage.py up` reads these.
EMBEDDED_ONLY = {"GENHUB_HOST", "GENHUB_PORT", "REDIS_URL"}


def read_variables() -> set[str]:
    """Return the names that genhub/settings reads from the environment."""
    found = set()
    for path in (ROOT / "genhub" / "settings").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and is_reader(node.func):
                texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            elif isinstance(node, ast.Constant):
                texts = [node.value] if str(node.value).startswith(("S3_", "AWS_")) else []
            else:
                continue
            found |= {text for text in texts if isinstance(text, str) and VARIABLE.fullmatch(text)}
    return found - UNEXPLAINED


def is_reader(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in READERS
    return isinstance(function, ast.Attribute) and ast.unparse(function.value) in {
        "env",
        "os.environ",
    }


VARIABLES = read_variables()


def test_the_reader_finds_the_variables() -> None:
    assert {"GENHUB_HOME", "DATABASE_URL", "S3_BUCKET", "LEASE_SECONDS", "SECRET_KEY"} <= VARIABLES
    assert len(VARIABLES) > 30


@pytest.mark.parametrize("path", ["README.md", ".github/README.zh-CN.md"])
def test_each_is_in_the_table_of_settings(path: str) -> None:
    rows = [line for line in (ROOT / path).read_text("utf-8").split("\n") if line.startswith("|")]
    named = set(VARIABLE.findall("\n".join(rows)))
    assert not VARIABLES - named


def test_each_is_in_the_environment_of_a_deployment() -> None:
    named = set(VARIABLE.findall((ROOT / "deploy" / "environment.example").read_text("utf-8")))
    assert not VARIABLES - named - EMBEDDED_ONLY
