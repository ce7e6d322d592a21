"""The shape of the house: sizes, names, who may import what, and what stands at the top."""

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

# All files are read once, by one worker.
pytestmark = pytest.mark.xdist_group("house")
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("genhub", "generation", "credits", "storage", "templates")
TOP = {"manage.py", "pyproject.toml", "genhub", "generation", "credits", "storage", "templates", "tests", "deploy",
       "README.md", "Makefile"}  # fmt: skip
LONGEST = {"source": 300, "models": 250, "test": 400}
LONGEST_VIEW, LONGEST_JOB = 50, 8
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "stuff"}
VAGUE_VERBS = ("handle_", "process_", "do_", "manage_", "perform_")
VAGUE_NOUNS = ("Helper", "Processor", "Wrapper", "Util", "Utils")
HEAVY = ("torch", "diffusers", "transformers", "accelerate", "peft")


def list_files() -> list[Path]:
    """Return what the repository holds: what Git tracks or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


FILES = list_files()
MODULES = [path for path in FILES if path.suffix == ".py" and "migrations" not in path.parts]
TESTS = [path for path in MODULES if path.is_relative_to(ROOT / "tests")]
SOURCES = [path for path in MODULES if path not in TESTS]


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def count_lines(path: Path) -> int:
    return len(path.read_text().splitlines())


@dataclass(frozen=True)
class Outline:
    """What a file imports and defines, with the lines that each definition takes."""

    # Of `from urllib import request` the module, and the whole name as well.
    modules: list[str]
    names: list[str]
    classes: dict[str, int]
    functions: dict[str, int]
    jobs: dict[str, int]


@cache
def outline(path: Path) -> Outline:
    """Read a file once for all tests, wherever in it an import or a definition stands."""
    found = Outline([], [], {}, {}, {})
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                found.modules.extend(alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                found.modules.append(module)
                found.names.extend(f"{module}.{alias.name}" for alias in node.names)
            case ast.ClassDef():
                found.classes[node.name] = length(node)
            case ast.FunctionDef():
                found.functions[node.name] = length(node)
                if any("shared_task" in ast.dump(by) for by in node.decorator_list):
                    found.jobs[node.name] = length(node)
            case _:
                pass
    return found


def length(node: ast.ClassDef | ast.FunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def is_within(path: Path, *folders: str) -> bool:
    return any(path.is_relative_to(ROOT / folder) for folder in folders)


def test_top_holds_the_customers_names_and_no_other() -> None:
    top = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert {name for name in top if not name.startswith(".")} == TOP


def test_no_source_is_longer_than_300_lines() -> None:
    assert {
        place(path): n for path in SOURCES if (n := count_lines(path)) > LONGEST["source"]
    } == {}


def test_no_models_module_is_longer_than_250_lines() -> None:
    models = [path for path in SOURCES if path.stem == "models" or path.parent.name == "models"]
    assert models
    assert {place(path): n for path in models if (n := count_lines(path)) > LONGEST["models"]} == {}


def test_no_test_is_longer_than_400_lines() -> None:
    assert {place(path): n for path in TESTS if (n := count_lines(path)) > LONGEST["test"]} == {}


def test_there_is_no_drawer() -> None:
    assert [place(path) for path in MODULES if {path.stem, *path.parts} & DRAWERS] == []


def test_views_are_thin() -> None:
    views = [path for path in SOURCES if "api" in path.parts]
    long = {
        f"{place(path)}:{name}": lines
        for path in views
        for name, lines in outline(path).classes.items()
        if name.endswith("View") and lines > LONGEST_VIEW
    }
    assert long == {}


def test_jobs_are_doorbells() -> None:
    long = {
        f"{place(path)}:{name}": lines
        for path in SOURCES
        if path.stem == "tasks"
        for name, lines in outline(path).jobs.items()
    }
    assert long
    assert {name: lines for name, lines in long.items() if lines > LONGEST_JOB} == {}


def test_names_say_what_is_meant() -> None:
    vague = []
    for path in SOURCES:
        found = outline(path)
        vague += [f"{place(path)}:{n}" for n in found.functions if n.startswith(VAGUE_VERBS)]
        vague += [f"{place(path)}:{n}" for n in found.classes if n.endswith(VAGUE_NOUNS)]
    assert vague == []


def test_every_time_of_orders_and_money_is_the_databases() -> None:
    clocks = re.compile(r"timezone\.now|datetime\.now|utcnow|\btime\.time\(|auto_now")
    books = [path for path in SOURCES if is_within(path, "generation", "credits")]
    # The stub is a vendor: its clock is its own.
    others = ("generation/engine", "generation/training", "generation/providers/stub.py")
    books = [path for path in books if not is_within(path, *others)]
    assert [place(path) for path in books if clocks.search(path.read_text())] == []


def test_no_message_carries_a_schedule() -> None:
    schedule = re.compile(
        r"\b(eta|countdown|expires)\s*=|self\.retry\(|\.apply_async\(|\bchord\(|add_periodic_task"
    )
    jobs = [path for path in SOURCES if is_within(path, "generation", "credits", "storage")]
    assert [place(path) for path in jobs if schedule.search(path.read_text())] == []


def test_only_the_engine_and_its_school_import_torch() -> None:
    guilty = [
        place(path)
        for path in SOURCES
        if not is_within(path, "generation/engine", "generation/training")
        and any(name.split(".")[0] in HEAVY for name in outline(path).modules)
    ]
    assert guilty == []


def test_hub_without_a_card_imports_no_torch() -> None:
    script = f"""
import os, sys
for name in {HEAVY!r}:
    sys.modules[name] = None  # an import of it fails
import django, genhub
django.setup()
import genhub.urls, genhub.celery, genhub.wsgi, generation.tasks, generation.work.run
from django.core.management import get_commands, load_command_class
for command, app in get_commands().items():
    if str(app).split(".")[0] in {PACKAGES!r}:
        load_command_class(app, command)
assert not [name for name in sys.modules if name.split(".")[0] in {HEAVY!r} and sys.modules[name]]
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_nothing_but_the_lib_opens_addresses() -> None:
    doors = {
        "requests", "urllib3", "aiohttp", "httpx", "httpx2", "httpcore", "httpcore2", "urllib.request", "http.client",
    }  # fmt: skip
    allowed = (
        "genhub/lib/dial.py",
        "genhub/lib/fetch.py",
        "genhub/lib/posting.py",
        "genhub/lib/ranges.py",
        "genhub/embedded",
        "generation/providers",
        "genhub/demo",
        "genhub/management/commands/demo.py",
    )
    guilty = [
        place(path)
        for path in SOURCES
        if not is_within(path, *allowed) and any(is_of(name, doors) for name in taken(path))
    ]
    assert guilty == []


def taken(path: Path) -> list[str]:
    """Return what a file imports, modules and names out of them."""
    return outline(path).modules + outline(path).names


def is_of(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_every_client_is_made_by_the_one_that_judges_addresses() -> None:
    """Adapters may know the library's errors and timeouts; a client of their own would call whom a stranger names."""
    calls = re.compile(
        r"\b(Async)?(Client|HTTPTransport|ConnectionPool)\(|"
        r"\bhttp(x|x2|core|core2)\.(get|post|put|patch|delete|head|options|request|stream)\("
    )
    allowed = ("genhub/lib/dial.py", "genhub/demo", "genhub/embedded")
    users = [p for p in SOURCES if any(is_of(n, {"httpx2", "httpcore2"}) for n in taken(p))]
    assert users
    guilty = [
        place(path)
        for path in users
        if not is_within(path, *allowed) and calls.search(path.read_text())
    ]
    assert guilty == []


def test_packages_come_from_wherever_the_installer_is_told() -> None:
    hosts = re.compile(r"https?://[^\s\"']*(pypi|pythonhosted|pytorch\.org|npmjs|unpkg|jsdelivr|huggingface|hf-mirror)|"
                       r"--(extra-)?index-url|--find-links|--trusted-host")  # fmt: skip
    checked = [ROOT / "Makefile", ROOT / "pyproject.toml", *SOURCES]
    checked += [path for path in FILES if path.suffix in {".html", ".js", ".css"}]
    assert [place(path) for path in checked if hosts.search(path.read_text())] == []


def test_sets_of_faults_name_what_there_is() -> None:
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    sets = dict(re.findall(r"^FAULTS_OF_(\w+) := (.+)$", text, re.MULTILINE))
    assert {"files", "apps", "dialects", "providers"} <= set(sets)
    assert [name for name in sets if not (ROOT / "tests/faults" / name).is_dir()] == []
    named = [place for places in sets.values() for place in places.split()]
    assert [pattern for pattern in named if not list(ROOT.glob(pattern))] == []


def test_no_file_names_a_place_of_one_machine() -> None:
    places = re.compile(r"(?<![\w.])/(root|home/(?!you/)\w+|Users/\w+|work)/")
    texts = [
        path for path in FILES if path.suffix in {".py", ".toml", ".md", ".yml", ".html", ".sh", ""}
    ]
    this = Path(__file__).resolve()
    guilty = [
        place(path)
        for path in texts
        if path != this and places.search(path.read_text(errors="replace"))
    ]
    assert guilty == []


def test_tests_are_skipped_only_by_the_kind_of_machine() -> None:
    skips = re.compile(r"pytest\.(skip|xfail|importorskip)\(|mark\.(skip|xfail)\b|unittest\.skip")
    conditions = re.compile(r"mark\.skipif\((?!os\.geteuid\(\) != 0,|sys\.platform != )")
    # A tree that came as an archive has no release before, and nothing brings it one.
    excused = {Path(__file__).resolve(), ROOT / "tests/upgrading/before.py"}
    guilty = [
        place(path)
        for path in TESTS
        if path not in excused
        and (skips.search(text := path.read_text()) or conditions.search(text))
    ]
    assert guilty == []


def test_nobody_asks_whether_a_test_is_running() -> None:
    asking = re.compile(r"PYTEST_|\"pytest\" in|_called_from_test|sys\.argv\[1\] == \"test\"")
    assert [place(path) for path in SOURCES if asking.search(path.read_text())] == []


def test_nothing_of_the_hub_imports_its_tests() -> None:
    guilty = [
        place(path)
        for path in SOURCES
        if any(name.split(".")[0] == "tests" for name in outline(path).modules)
    ]
    assert guilty == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_of_code_is_a_package(package: str) -> None:
    folders = {path.parent for path in MODULES if is_within(path, package)}
    assert [place(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
