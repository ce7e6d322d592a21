"""Every environment under `deploy/`: no name that no setting has, none missing that production demands, no command that
is not there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from genhub.settings.explained import GROUPS
from tests.deploy.images import ROOT, compose, is_ours, read_images, start_first
from tests.deploy.test_kubernetes import FOLDER, PODS, find, hub_of, manifests

pytestmark = pytest.mark.whole

KNOWN = {name for group in GROUPS for each in group.settings for name in (each.name, *each.aliases)}
# Read by Python, by NVIDIA's runtime, by the threads of processors, by Flower: not by the settings.
OTHERS = {"PATH", "LANG", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES",
          "OMP_WAIT_POLICY", "FLOWER_BASIC_AUTH"}  # fmt: skip
REQUIRED = {"SECRET_KEY", "PUBLIC_URL", "ALLOWED_HOSTS", "DATABASE_URL", "CELERY_BROKER_URL"}
EXAMPLE = (ROOT / "deploy" / "environment.example").read_text("utf-8")
START = "import genhub.settings.production"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("deployed")
    start_first(folder)
    return {name: each for name, each in compose(folder).items() if is_ours(each)}


def start_settings(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Read production's settings in an environment that holds nothing else."""
    return subprocess.run([sys.executable, "-c", START], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # fmt: skip


def test_the_example_names_what_there_is_and_what_production_demands() -> None:
    active = dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE, re.M))
    offered = set(re.findall(r"^#([A-Z][A-Z0-9_]+)=", EXAMPLE, re.M))
    assert (active.keys() | offered) - KNOWN - OTHERS == set()
    assert active.keys() >= REQUIRED
    assert start_settings(active | {"SECRET_KEY": "x" * 50}).returncode == 0


def test_production_demands_what_is_required_here() -> None:
    full = dict.fromkeys(REQUIRED, "x") | {
        "PUBLIC_URL": "https://hub.lan", "DATABASE_URL": "postgres://db/genhub", "CELERY_BROKER_URL": "redis://cache",
    }  # fmt: skip
    assert start_settings(full).returncode == 0
    # Nobody could set a second step up without a key to seal it with.
    asking = full | {"STAFF_SECOND_STEP": "required"}
    assert "ENCRYPTION_KEYS" in start_settings(asking).stderr
    assert start_settings(asking | {"ENCRYPTION_KEYS": "k"}).returncode == 0
    # No host at all is Django's own refusal of each request.
    for name in sorted(REQUIRED - {"ALLOWED_HOSTS"}):
        done = start_settings({word: value for word, value in full.items() if word != name})
        assert name in done.stderr


def test_compose_gives_each_service_what_it_needs_and_no_unknown_name(
    services: dict[str, Any],
) -> None:
    images = read_images()
    for name, service in services.items():
        given = (
            images[service["image"].removeprefix("genhub-")].environment | service["environment"]
        )
        assert given.keys() - KNOWN - OTHERS == set(), name
        assert given.keys() >= REQUIRED, name
        assert start_settings({word: str(value) for word, value in given.items()}).returncode == 0


def test_pods_are_given_what_they_need_and_no_unknown_name() -> None:
    [settings] = find("ConfigMap")
    secret = set(
        re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", comments(FOLDER / "settings.yaml"))
    )
    told = settings["data"].keys() | secret
    assert told - KNOWN == set()
    assert told >= REQUIRED
    own = {
        each["name"] for kind in PODS for pod in find(kind) for each in hub_of(pod).get("env", [])
    }
    assert own - KNOWN == set()
    made_up = {"SECRET_KEY": "x" * 50, "DATABASE_URL": "postgres://db/genhub", "CELERY_BROKER_URL": "redis://cache",
               "S3_ACCESS_KEY": "k", "S3_SECRET_KEY": "s"}  # fmt: skip
    done = start_settings(settings["data"] | made_up | read_images()["web"].environment)
    assert (done.returncode, done.stderr) == (0, "")


def comments(path: Path) -> str:
    """Return the comments at a file's beginning."""
    lines = path.read_text("utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line[:1] != "#")
    return "\n".join(lines[:first])


def commands(services: dict[str, Any]) -> dict[str, list[str]]:
    """Return what each container runs, of every kind of file."""
    images = {
        f"image {name}": image.command for name, image in read_images().items() if image.command
    }
    composed = {
        f"compose {name}": each["command"] for name, each in services.items() if each.get("command")
    }
    flower: Any = yaml.safe_load((FOLDER / "flower.yaml").read_text("utf-8"))
    pods = [*(each for each in manifests() if each["kind"] in PODS), flower]
    return (
        images
        | composed
        | {f"pod {pod['metadata']['name']}": hub_of(pod)["command"] for pod in pods}
    )


def test_every_command_is_there(services: dict[str, Any]) -> None:
    found = commands(services)
    assert len(found) > len(services)
    for name, words in found.items():
        line = " ".join(words)
        managed = re.findall(r"manage\.py (\w+)", line)
        assert set(managed) <= get_commands().keys(), name
        modules = re.findall(r"-m (genhub\.\w+)", line)
        assert all((ROOT / module.replace(".", "/") / "__main__.py").exists() for module in modules)
        assert managed or modules or "-m celery -A genhub" in line, name
        queues = re.findall(r"--queues=(\S+)", line)
        assert all(each in {"local", "remote,delivery,upkeep"} for each in queues)
