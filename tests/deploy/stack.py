"""The hub as its containers start it, without containers: the same commands in the same environment, as processes that
are nobody on this machine and may write in their home alone."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genhub.embedded import paths
from tests.deploy.images import DOCKERFILE, ROOT, Image, read_images
from tests.faults.processes import wait_until
from tests.patience import patience
from tests.ports import free_port

# In a namespace of its own a process has the image's number, and none of root's powers.
AS_NOBODY = (
    ("unshare", "--user", "--map-user=10001", "--map-group=10001") if os.geteuid() == 0 else ()
)
ANYWHERE = "0.0.0.0"  # noqa: S104 (what the files say; here it becomes loopback)
CODE, HOME, APART, SYSTEM = "/opt/genhub", "/var/lib/genhub", "/opt/apart", "/usr/local"
LIBRARIES, PACKAGES = "/opt/libraries/bin/python", "/opt/libraries/lib/python3.*/site-packages"
VERSION = f"python3.{sys.version_info.minor}"


@dataclass
class Stack:
    """Where everything is: services as compose has them, the database, the broker, the store's address."""

    folder: Path
    services: dict[str, Any]
    database: str
    store: str
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

    @property
    def apart(self) -> Path:
        return self.folder / "apart"

    @property
    def python(self) -> Path:
        return self.folder / "python"

    def libraries(self, image: str) -> Path:
        """Return where the libraries of an image without torch lie; the other one has those that run the tests."""
        return self.folder / image / "lib" / VERSION / "site-packages"

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
        return said | there | own

    def command(self, name: str, words: list[str]) -> list[str]:
        """Return a command with the Python of a service's image."""
        image = self.services[name]["image"].removeprefix("genhub-")
        python = sys.executable if image == "gpu" else str(self.folder / image / "bin" / "python")
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
                self.command(name, words), cwd=self.code, env=self.environment(name) | {"PYTHONVERBOSE": "1"},
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(patience(60))

    def list_compiled(self, name: str) -> list[str]:
        """Return the modules that a service had to compile, since nobody had; another start would do so again."""
        said = (self.folder / f"{name}.log").read_text("utf-8", "replace")
        # Of the others it names the compiled file, in quotes.
        assert "# code object from '" in said
        return re.findall("# code object from (/.*)", said)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run `prepare` to its end, then everything else."""
        self.run("prepare", self.services["prepare"]["command"])
        with ExitStack() as open_services:
            # First those that have no weights.
            for name in sorted(
                self.services.keys() - {"prepare"}, key=lambda name: (name == "worker-local", name)
            ):
                if name == "worker-local":
                    add_weights(self)
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
        LIBRARIES: str(stack.folder / "web/bin/python"), PACKAGES: str(stack.libraries("web")), APART: str(stack.apart),
        CODE: str(stack.code), "/build/slim": str(ROOT / "deploy/docker/slim"), SYSTEM: str(stack.python),
    }  # fmt: skip
    for word, place in here.items():
        assert word in build
        build = build.replace(word, place)
    own = {"PATH": os.environ["PATH"], "GENHUB_HOME": str(stack.home)}
    subprocess.run(["sh", "-ec", build], cwd=stack.code, check=True, timeout=patience(300), env=own)
    subprocess.run(["chmod", "-R", "a-w", stack.code], check=True)
    # The Python that built is not the one that runs: that has the compiled modules which the build lays apart.
    lines = DOCKERFILE.read_text("utf-8").splitlines()
    assert lines.count(f"COPY --from=code {APART}/system /") == len(("gpu", "web"))
    for module in stack.python.rglob("*.pyc"):
        module.unlink()
    laid = stack.apart / "system" / stack.python.relative_to("/")
    shutil.copytree(laid, stack.python, dirs_exist_ok=True)
    for folder in (stack.home, stack.folder / "tmp"):
        paths.make_private(folder)


def add_weights(stack: Stack) -> None:
    """Lay the weights where the gpu image has them: all images have their code in one place here."""
    weights = stack.apart / "weights" / stack.code.relative_to("/")
    places = stack.code / "generation/engine/small"
    subprocess.run(["chmod", "-R", "u+w", places], check=True)
    shutil.copytree(weights / places.relative_to(stack.code), places, dirs_exist_ok=True)
    subprocess.run(["chmod", "-R", "a-w", places], check=True)


def install_libraries(stack: Stack) -> None:
    """Install what the web image installs, and take from it what the image leaves out."""
    project, web = stack.folder / "project", stack.folder / "web"
    project.mkdir()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, project)
    python = copy_python(stack)
    subprocess.run([python, "-m", "venv", "--without-pip", web], check=True, timeout=patience(60))
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", web / "bin/python", "install", "--quiet"]  # fmt: skip
    subprocess.run([*pip, f"{project}[reports]"], check=True, timeout=patience(600))
    subprocess.run(
        ["sh", ROOT / "deploy/docker/slim", stack.libraries("web")],
        check=True,
        timeout=patience(120),
    )
    # Of the worker's image: the web's, and what lies apart.
    subprocess.run([python, "-m", "venv", "--without-pip", stack.folder / "worker"], check=True, timeout=patience(60))  # fmt: skip
    clips = stack.apart / "clips" / stack.libraries("web").relative_to("/")
    places = f"{stack.libraries('web')}\n{clips}\n"
    (stack.libraries("worker") / "images.pth").write_text(places)


def copy_python(stack: Stack) -> Path:
    """Copy the Python that runs the tests without what the images take from theirs; return its program."""
    folder = stack.python
    source = Path(sysconfig.get_path("stdlib"))
    unused = shutil.ignore_patterns("__pycache__", "*.a", "site-packages", "test", "tests")
    shutil.copytree(source, folder / "lib" / VERSION, ignore=unused, symlinks=True)
    (folder / "lib" / VERSION / "site-packages").mkdir()
    for library in source.parent.glob("libpython3*.so*"):
        shutil.copy(library, folder / "lib", follow_symlinks=False)
    program = folder / "bin" / VERSION
    program.parent.mkdir()
    shutil.copy(Path(sys.base_prefix) / "bin" / VERSION, program)
    trim = stack.images["system"].runs[0]
    assert SYSTEM in trim
    subprocess.run(["sh", "-ec", trim.replace(SYSTEM, str(folder))], check=True)
    assert not (folder / "lib" / VERSION / "ensurepip").exists()
    return program


def read_last(text: str) -> Any:
    """Return what a command with --json said."""
    return json.loads(text.splitlines()[-1])
