"""The hub as its containers start it, without containers: the same commands in the same environment, as processes that
are nobody on this machine and may write in their home alone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genhub.embedded import paths
from tests.deploy.images import ROOT, Image, read_images
from tests.faults.processes import wait_until
from tests.patience import patience
from tests.ports import free_port

# In a namespace of its own a process has the image's number, and none of root's powers.
AS_NOBODY = (
    ("unshare", "--user", "--map-user=10001", "--map-group=10001") if os.geteuid() == 0 else ()
)
ANYWHERE = "0.0.0.0"  # noqa: S104 (what the files say; here it becomes loopback)
CODE, HOME, LIBRARIES = "/opt/genhub", "/var/lib/genhub", "/opt/libraries/bin/python"
PACKAGES = "/opt/libraries/lib/python3.*/site-packages"


@dataclass
class Stack:
    """Where everything is: services as compose has them, the database, the broker, the store's address."""

    folder: Path
    services: dict[str, Any]
    database: str
    store: str
    # Libraries of the image without torch; the other one has those that run the tests.
    libraries: Path
    images: dict[str, Image] = field(default_factory=read_images)
    port: int = field(default_factory=free_port)
    flower: int = field(default_factory=free_port)
    events: int = field(default_factory=free_port)

    @property
    def code(self) -> Path:
        return self.folder / "code"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def place(self, text: str) -> str:
        """Return a word of the files with what containers have by name replaced by what is here."""
        others = {
            CODE: str(self.code), HOME: str(self.home), f"{ANYWHERE}:8001": f"127.0.0.1:{self.events}",
            "events:8001": f"127.0.0.1:{self.events}", "http://minio:9000": self.store, ANYWHERE: "127.0.0.1",
            "127.0.0.1:8000": f"127.0.0.1:{self.port}",
        }  # fmt: skip
        for old, new in others.items():
            text = text.replace(old, new)
        return {"8000": str(self.port), "--port=5555": f"--port={self.flower}"}.get(text, text)

    def image_of(self, name: str) -> Image:
        return self.images[self.services[name]["image"].removeprefix("genhub-")]

    def environment(self, name: str) -> dict[str, str]:
        """Return what a service is given, and nothing of this process but where the servers are."""
        service = self.services[name]
        given = self.image_of(name).environment | service["environment"]
        said = {word: self.place(str(value)) for word, value in given.items()}
        broker = os.environ["CELERY_BROKER_URL"]
        there = {"DATABASE_URL": self.database, "CELERY_BROKER_URL": broker, "S3_PUBLIC_ENDPOINT_URL": self.store}  # fmt: skip
        assert there.keys() <= said.keys()
        own = {"PATH": os.environ["PATH"], "TMPDIR": str(self.folder / "tmp")}
        if service["image"] == "genhub-web":
            own["PYTHONPATH"] = str(self.libraries)
        return said | there | own

    def command(self, name: str, words: list[str]) -> list[str]:
        """Return a command with the Python of a service's image: of the web's the bare one, with its libraries."""
        bare = f"{sys.base_prefix}/bin/python3"
        python = bare if self.services[name]["image"] == "genhub-web" else sys.executable
        placed = [self.place(word) for word in words]
        if placed[0] == "sh":
            placed[-1] = placed[-1].replace("python ", f"{python} ")
        return [*AS_NOBODY, *(python if word == "python" else word for word in placed)]

    def run(self, name: str, words: list[str]) -> str:
        """Run one command in a service's place to its end, and return what it said."""
        done = subprocess.run(
            self.command(name, words), cwd=self.code, env=self.environment(name), capture_output=True, text=True,
            check=False, timeout=patience(300),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def started(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a service until the body ends; one that does not end when told is a fault."""
        words = self.services[name].get("command") or self.image_of(name).command
        with (self.folder / f"{name}.log").open("wb") as out:
            process = subprocess.Popen(
                self.command(name, words), cwd=self.code, env=self.environment(name), stdout=out,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(patience(60))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run `prepare` to its end, then everything else."""
        self.run("prepare", self.services["prepare"]["command"])
        with ExitStack() as open_services:
            for name in sorted(self.services.keys() - {"prepare"}):
                process = open_services.enter_context(self.started(name))
                wait_until(lambda each=process: each.poll() is None, 1, f"{name}'s start")  # type: ignore[misc]
            yield


def build_code(stack: Stack) -> None:
    """Make the code as the image holds it: what .dockerignore lets in, and what the Dockerfile makes of that."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line[:1] == "!":
            source, target = ROOT / line[1:], stack.code / line[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
    [build] = stack.images["code"].runs
    here = {
        LIBRARIES: f"{sys.base_prefix}/bin/python3", PACKAGES: str(stack.libraries), CODE: str(stack.code),
        "/build/slim": str(ROOT / "deploy/docker/slim"),
    }  # fmt: skip
    for word, place in here.items():
        assert word in build
        build = build.replace(word, place)
    own = {"PATH": os.environ["PATH"], "GENHUB_HOME": str(stack.home), "PYTHONPATH": str(stack.libraries)}  # fmt: skip
    subprocess.run(["sh", "-ec", build], cwd=stack.code, check=True, timeout=patience(300), env=own)
    subprocess.run(["chmod", "-R", "a-w", stack.code], check=True)
    for folder in (stack.home, stack.folder / "tmp"):
        paths.make_private(folder)


def install_libraries(folder: Path) -> Path:
    """Install what the web image installs, and take from it what the image leaves out."""
    project, libraries = folder / "project", folder / "libraries"
    project.mkdir()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, project)
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        libraries,
        f"{project}[reports]",
    ]
    subprocess.run(pip, check=True, timeout=patience(600))
    subprocess.run(
        ["sh", ROOT / "deploy/docker/slim", libraries], check=True, timeout=patience(120)
    )
    return libraries


def read_last(text: str) -> Any:
    """Return what a command with --json said."""
    return json.loads(text.splitlines()[-1])
