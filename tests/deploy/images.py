"""What the container files say, read from them: images, services, their commands and environments."""

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.programs import need_program

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "deploy" / "docker"
DOCKERFILE = DOCKER / "Dockerfile"


@dataclass
class Image:
    """One stage of the Dockerfile, with what it has of the one that it begins with."""

    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    user: str = ""
    runs: list[str] = field(default_factory=list)


def read_images() -> dict[str, Image]:
    """Return the stages of the Dockerfile by name."""
    lines = [line for line in DOCKERFILE.read_text("utf-8").splitlines() if line[:1] != "#"]
    text = "\n".join(lines).replace("\\\n", " ")
    found: dict[str, Image] = {}
    image = Image()
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.split()
            before = found.get(base, Image())
            image = found[name] = Image(dict(before.environment), user=before.user)
        elif word == "ENV":
            image.environment |= dict(part.split("=", 1) for part in shlex.split(rest))
        elif word == "CMD":
            image.command = json.loads(rest)
        elif word == "HEALTHCHECK" and rest != "NONE":
            image.health = json.loads(rest.partition("CMD")[2])
        elif word == "USER":
            image.user = rest
        elif word == "RUN":
            image.runs.append(rest)
    return found


def start_first(folder: Path) -> dict[str, str]:
    """Run `up` in a copy of `deploy/`, with a docker that only says what it was asked; return the secrets it wrote."""
    if not (folder / "deploy").exists():
        shutil.copytree(
            ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns(".env", "tls")
        )
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    docker = programs / "docker"
    docker.write_text('#!/bin/sh\necho "$@"\n')
    docker.chmod(0o755)
    done = subprocess.run(
        [folder / "deploy/docker/up"], capture_output=True, text=True, check=True, cwd=folder,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert re.fullmatch(
        r"compose --file compose.yml( --file compose.gpu.yml)? up --detach --build\n", done.stdout
    )
    lines = (folder / "deploy/docker/.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line[:1] != "#")


def compose(folder: Path, *more: str) -> dict[str, Any]:
    """Return the services as docker-compose reads them, with the secrets of a folder's first start."""
    program = need_program("docker-compose", "docker-compose", variable="DOCKER_COMPOSE")
    done = subprocess.run(
        [program, "--file", "compose.yml", *more, "config"],
        cwd=folder / "deploy/docker", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return services


def is_ours(service: dict[str, Any]) -> bool:
    """Return whether a service runs the hub's own code."""
    return str(service["image"]).startswith("genhub-")
