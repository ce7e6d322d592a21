"""The hub as its containers start it takes an order, draws it and stores it: everything but the images' own build."""

import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pillow_heif
import psycopg
import pytest
from PIL import Image

from tests.deploy.images import compose, is_ours, start_first
from tests.deploy.stack import AS_NOBODY, Stack, build_code, install_libraries, read_last
from tests.faults.processes import wait_until
from tests.patience import patience
from tests.servers import database_url
from tests.storage.conftest import serve_bucket

# Of the image `web`, as Docker counts it: the bytes of its files. Of Python's image there are 130 million, of which 18
# are taken out here (pip and setuptools 11, `ensurepip` and other modules 6, headers 1); 5 are left for what grows.
MOST_MB, SYSTEM_MB, SPARE_MB = 350, 112, 5
# Modules that a process compiles itself: what only some of its requests import. Python's own alone are 240.
MOST_COMPILED = 80
DATABASE = "genhub_containers"
# Who makes clips without leaving the machine, asked for by the workers of vendors.
STUB = """
from generation.models import Account
stub = Account.objects.create(alias="stub", adapter="stub", queue="remote")
stub.offers.create(alias="film", media_types=["video"], default_width=64, default_height=64, smallest_side=16,
                   durations=[1], default_seconds=1)
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    secrets = start_first(tmp_path)
    services = {name: each for name, each in compose(tmp_path).items() if is_ours(each)}
    with psycopg.connect(database_url("postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {DATABASE}")
    key = {"RCLONE_AUTH_KEY": f'"genhub,{secrets["S3_SECRET_KEY"]}"'}
    (tmp_path / "store").mkdir()
    try:
        with serve_bucket(tmp_path / "store", environment=key) as bucket:
            made = Stack(
                tmp_path,
                services,
                database_url(DATABASE),
                bucket.endpoint,
            )
            install_libraries(made)
            build_code(made)
            yield made
    finally:
        # Ours to delete again, whoever may not write it.
        subprocess.run(["chmod", "-R", "u+w", tmp_path], check=True)
        with psycopg.connect(database_url("postgres"), autocommit=True) as server:
            server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.mark.whole
@pytest.mark.timeout(900)
def test_what_containers_run_takes_an_order(stack: Stack) -> None:
    check_size(stack)
    if AS_NOBODY:
        refused: list[str | Path] = [*AS_NOBODY, "touch", stack.code / "genhub" / "new"]
        assert subprocess.run(refused, capture_output=True, check=False).returncode != 0
    public = stack.services["web"]["environment"]["PUBLIC_URL"]
    with stack.running():
        client = httpx2.Client(
            base_url=f"http://127.0.0.1:{stack.port}", trust_env=False, timeout=patience(30),
            headers={"Host": public.removeprefix("https://"), "X-Forwarded-Proto": "https"},
        )  # fmt: skip

        def is_healthy() -> bool:
            try:
                return client.get("/api/v1/health").status_code == 200
            except httpx2.HTTPError:
                return False

        wait_until(is_healthy, 240, "health")
        stack.run("web", stack.image_of("web").health)
        check_static(client)
        check_order(stack, client)
        check_clips(stack, client)
        token = stack.environment("web")["METRICS_TOKEN"]
        heads = {"X-Forwarded-For": "10.0.0.9", "Authorization": f"Bearer {token}"}
        assert client.get("/metrics", headers=heads).status_code == 200
        assert (
            client.get("/metrics", headers=heads | {"Authorization": "Bearer another"}).status_code
            == 404
        )
        flower = httpx2.get(f"http://127.0.0.1:{stack.flower}/flower/workers", trust_env=False)
        assert flower.status_code == 401
    written = {path.name for path in stack.home.iterdir()}
    assert "static" not in written
    for name in stack.services.keys() - {"prepare", "worker-local"}:
        compiled = stack.list_compiled(name)
        assert len(compiled) < MOST_COMPILED, (name, compiled)
    # Nobody left anything where the image is read only.
    assert not list(stack.code.rglob("__pycache__/*.pyc.*"))


def check_order(stack: Stack, client: httpx2.Client) -> None:
    """Order a picture of the local engine, wait for it and fetch it from the store."""
    made = stack.run(
        "web",
        [
            "python",
            "manage.py",
            "issue_key",
            "shop",
            "--user",
            "alice",
            "--grant",
            "1000",
            "--json",
        ],
    )
    client.headers["Authorization"] = f"Bearer {read_last(made)['key']}"
    picture, content = take_order(
        stack, client, {"prompt": "a red circle", "width": 256, "height": 256, "steps": 4}
    )
    assert content[8:12] == b"WEBP"
    check_pictures(client, picture["id"])
    stack.run("web", ["python", "manage.py", "audit"])


def take_order(
    stack: Stack, client: httpx2.Client, order: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """Order something, wait for it, and return what is told of it, and its file from the store."""
    answer = client.post("/api/v1/generate", json=order)
    assert answer.status_code == 202, answer.text
    address = f"/api/v1/tasks/{answer.json()['id']}"
    wait_until(
        lambda: client.get(address).json()["status"] in {"completed", "failed"}, 120, "the end"
    )
    task = client.get(address).json()
    assert task["status"] == "completed", task
    [made] = task["result"]["images"] or task["result"]["videos"]
    public = stack.services["web"]["environment"]["PUBLIC_URL"]
    assert made["url"].startswith(public)
    link = client.get(made["url"].removeprefix(public)).headers["Location"]
    assert link.startswith(f"{stack.store}/genhub/")
    return made, httpx2.get(link, trust_env=False).content


def check_size(stack: Stack) -> None:
    """Hold the image `web` to its size, and to what it may not have."""
    files = [
        path
        for folder in (stack.libraries("web"), stack.code, stack.apart / "system")
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    sizes = {path: path.lstat().st_size for path in files}
    largest = sorted(sizes, key=lambda path: -sizes[path])[:9]
    assert SYSTEM_MB + sum(sizes.values()) / 1e6 < MOST_MB - SPARE_MB, largest
    names = {path.name for path in stack.libraries("web").iterdir()}
    assert names & {"av", "av.libs", "torch"} == set()
    assert not [path for path in files if path.suffix == ".safetensors"]


def check_static(client: httpx2.Client) -> None:
    """Find every static file that pages and their styles name, which each have a digest in their names."""
    due, seen = ["/admin/login/", "/api/docs", "/handbook/", "/handbook/panel/"], set[str]()
    while due:
        address = due.pop()
        answer = client.get(address)
        assert answer.status_code == 200, address
        seen.add(address)
        if re.match("text/(html|css)", answer.headers["Content-Type"]):
            named = re.findall(
                r"""["'(]([^"'()\s]*?\.(?:css|js|svg|png|webp|woff2?))["')]""", answer.text
            )
            places = {answer.url.join(each).path for each in named if "://" not in each}
            due += {each for each in places if each.startswith("/static/")} - seen - {*due}
    assert len(seen) > 20
    # As other sites ask for it.
    assert client.get("/static/genhub/panel/panel.js").status_code == 200


def check_pictures(client: httpx2.Client, artifact: str) -> None:
    """Have the web image read HEIC, write signs of a font into a picture, sign that, and know its own signature."""
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (96, 64), "teal")).save(file)
    assert verify(client, file.getvalue(), "image/heic")["credentials"] is None
    text = {"action": "text", "text": "你好", "size": 20}
    made = client.post(f"/api/v1/artifacts/{artifact}/edits", json={"operations": [text]})
    assert made.status_code == 201, made.text
    picture = made.json()
    link = client.get(httpx2.URL(picture["url"]).path).headers["Location"]
    content = httpx2.get(link, trust_env=False).content
    assert verify(client, content, picture["content_type"])["credentials"] == "ours"


def verify(client: httpx2.Client, content: bytes, kind: str) -> dict[str, Any]:
    """Return what the hub knows of a picture."""
    answer = client.post("/api/v1/verify", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def check_clips(stack: Stack, client: httpx2.Client) -> None:
    """Have a clip made, which workers look at; the image `web` has nothing that could."""
    has = "from importlib.util import find_spec; print(bool(find_spec('av')))"
    assert stack.run("web", ["python", "-c", has]) == "False\n"
    stack.run("web", ["python", "manage.py", "shell", "-c", STUB])
    clip, content = take_order(
        stack, client, {"prompt": "a star", "type": "video", "model": "film"}
    )
    assert (content[4:8], clip["codec"]) == (b"ftyp", "h264")
