"""An S3 server that checks signatures, from a wheel; and the hub configured to use it by its environment."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from genhub.settings.store import s3_storage
from tests.patience import patience

ACCESS_KEY, SECRET_KEY, BUCKET = "hub-access-key", "hub-secret-key-0123456789", "genhub-media"


@dataclass(frozen=True)
class Bucket:
    """Where the server listens, and the folder in which it keeps the bucket's objects."""

    endpoint: str
    folder: Path

    def list_keys(self) -> list[str]:
        """Return the keys of all objects."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(str(path.relative_to(self.folder)) for path in files)

    def empty(self) -> None:
        """Delete what other tests left: the server is the session's."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                path.unlink()


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    keys = {"RCLONE_AUTH_KEY": f'"{ACCESS_KEY},{SECRET_KEY}"'}
    with serve_bucket(tmp_path_factory.mktemp("s3"), environment=keys) as served:
        yield served


@contextlib.contextmanager
def serve_bucket(root: Path, *, environment: dict[str, str]) -> Iterator[Bucket]:
    """Serve a folder; without keys in the environment, to everybody."""
    (root / BUCKET).mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("rclone")), "serve", "s3", "--addr", f"127.0.0.1:{port}",
               "--config", str(root / "none"), "--vfs-cache-mode", "off", str(root)]  # fmt: skip
    log = (root / "log").open("wb")
    server = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        deadline = time.monotonic() + patience(20)
        while not is_listening(port):
            assert server.poll() is None, (root / "log").read_text()
            assert time.monotonic() < deadline, "the S3 server did not start"
            time.sleep(0.05)
        yield Bucket(f"http://127.0.0.1:{port}", root / BUCKET)
    finally:
        server.terminate()
        try:
            server.wait(patience(10))
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture
def s3_entry(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The storage entry that the environment of a hub with S3 makes."""
    monkeypatch.setenv("S3_ENDPOINT_URL", bucket.endpoint)
    monkeypatch.setenv("S3_BUCKET", BUCKET)
    monkeypatch.setenv("S3_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("S3_SECRET_KEY", SECRET_KEY)
    entry = s3_storage()
    assert entry
    return entry


@pytest.fixture
def s3(bucket: Bucket, s3_entry: dict[str, Any], settings: Any) -> Bucket:
    """A hub whose files lie in the bucket."""
    settings.STORAGES = {**settings.STORAGES, "default": s3_entry}
    return bucket


@pytest.fixture
def local(settings: Any, tmp_path: Path) -> Path:
    """A hub whose files lie in an own folder of this machine."""
    options = {"location": str(tmp_path), "allow_overwrite": True}
    entry = {"BACKEND": "storage.files.SignedFileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": entry}
    return tmp_path
