"""The container files: what they may not hold, what they must, and that linters and compose itself take them."""

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.images import DOCKER, DOCKERFILE, ROOT, compose, is_ours, read_images, start_first
from tests.programs import need_program

LONGEST_SECRET_WORD = 20


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("deployed")
    return folder, start_first(folder)


def test_hadolint_finds_nothing() -> None:
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_images_run_as_somebody_with_nothing_baked_in() -> None:
    images = read_images()
    for name in ("web", "worker", "gpu"):
        image = images[name]
        assert image.user == "10001:10001"
        assert image.environment["DJANGO_SETTINGS_MODULE"] == "genhub.settings.production"
        assert not [word for word in image.environment if "SECRET" in word or "KEY" in word]
    assert "torch" not in " ".join(
        run for name in ("libraries", "code") for run in images[name].runs
    )
    # Whoever builds, the folder that they work in is not theirs to write in.
    assert any(re.search("install -d /opt/genhub$", run) for run in images["system"].runs)
    kept = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()
    assert [line for line in kept if not (ROOT / line[1:]).exists()] == []


def test_first_start_writes_secrets_that_nobody_else_has_and_keeps_them(
    secrets: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, first = secrets
    path = folder / "deploy/docker/.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "deploy/docker/tls/privkey.pem").stat().st_mode) == 0o600
    assert start_first(folder) == first
    other = start_first(tmp_path)
    made = {name for name in first if first[name] != other[name]}
    assert {
        name for name in first if name.endswith(("_KEY", "_KEYS", "_TOKEN", "_PASSWORD"))
    } == made
    assert min(len(first[name]) for name in made) > LONGEST_SECRET_WORD
    tracked = ["git", "check-ignore", "deploy/docker/.env", "deploy/docker/tls/privkey.pem"]
    assert subprocess.run(tracked, cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_compose_starts_everything_locked_down(secrets: tuple[Path, dict[str, str]]) -> None:
    folder, _ = secrets
    services = compose(folder)
    parts = {"postgres", "valkey", "minio", "nginx", "prometheus", "grafana"}
    ours = {name for name, service in services.items() if is_ours(service)}
    assert ours == {"prepare", "web", "events", "loops", "worker-others", "worker-local", "flower"}
    assert set(services) == ours | parts
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "latest" not in service["image"]
    outside = {port for each in services.values() for port in map(host_of, each.get("ports", []))}
    assert outside == {"127.0.0.1"}
    with_card = compose(folder, "--file", "compose.gpu.yml")["worker-local"]
    assert with_card["deploy"]["resources"]["reservations"]["devices"][0]["driver"] == "nvidia"


def test_each_image_is_built_by_one_service_and_pulled_by_none(
    secrets: tuple[Path, dict[str, str]],
) -> None:
    services = [each for each in compose(secrets[0]).values() if is_ours(each)]
    built = [each["image"] for each in services if "build" in each]
    # Two builds at a time of one name refuse each other.
    assert sorted(built) == sorted({each["image"] for each in services})
    assert all(
        f"genhub-{each['build']['target']}" == each["image"] for each in services if "build" in each
    )
    # Of those that build nothing compose would ask a registry first.
    assert {each["pull_policy"] for each in services} == {"never"}


def host_of(port: Any) -> str:
    """Return where a published port listens, as either release of compose says it."""
    return str(port["host_ip"]) if isinstance(port, dict) else port.partition(":")[0]


def test_compose_without_its_secrets_says_how_to_get_them(tmp_path: Path) -> None:
    program = need_program("docker-compose", "docker-compose", variable="DOCKER_COMPOSE")
    (tmp_path / "compose.yml").write_bytes((DOCKER / "compose.yml").read_bytes())
    done = subprocess.run(
        [program, "--file", "compose.yml", "config"], cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "deploy/docker/up" in done.stderr


@pytest.mark.parametrize(
    ("part", "made"), [("nginx", "genhub.conf"), ("prometheus", "prometheus.yml")]
)
def test_the_files_of_one_machine_name_the_containers(part: str, made: str, tmp_path: Path) -> None:
    source = ROOT / "deploy" / ("prometheus" if part == "prometheus" else "")
    words = {
        "HOST_NAME": "hub.lan",
        "PORT": "8443",
        "METRICS_TOKEN": "a token",
        "PATH": "/usr/bin:/bin",
    }
    subprocess.run(["sh", DOCKER / "configure", part, source, tmp_path], env=words, check=True)
    text = (tmp_path / made).read_text("utf-8")
    assert "127.0.0.1" not in [
        line for line in text.splitlines() if "#" not in line and "127." in line
    ]
    assert "web:8000" in text
    assert "hub.example.com" not in text
    assert ("Host              $host:8443;" in text) == (part == "nginx")
    assert ("events:8001" in text) == (part == "nginx")
    assert (f"credentials_file: {tmp_path}/genhub-token" in text) == (part == "prometheus")
