"""The hub as its containers start it takes an order, draws it and stores it: everything but the images' own build."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.deploy.images import compose, is_ours, start_first
from tests.deploy.stack import AS_NOBODY, Stack, build_code, install_libraries, read_last
from tests.faults.processes import wait_until
from tests.patience import patience
from tests.servers import database_url
from tests.storage.conftest import serve_bucket

MIB = 1024 * 1024
# Of the image without torch; the base image has about 130 beside them.
MOST_LIBRARIES_MIB, MOST_CODE_MIB = 300, 60
DATABASE = "genhub_containers"


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
                install_libraries(tmp_path),
            )
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
    for folder, most in ((stack.libraries, MOST_LIBRARIES_MIB), (stack.code, MOST_CODE_MIB)):
        sizes = {path: path.lstat().st_size for path in folder.rglob("*")}
        largest = sorted(sizes, key=lambda path: -sizes[path])[:5]
        assert sum(sizes.values()) < most * MIB, largest
    assert not (stack.libraries / "torch").exists()
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
        check_order(stack, client)
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
    # Nobody left anything where the image is read only.
    assert not list(stack.code.rglob("__pycache__/*.pyc.*"))


def check_order(stack: Stack, client: httpx2.Client) -> None:
    """Order a picture of the local engine, wait for it and fetch it from the store."""
    made = stack.run(
        "web",
        ["python", "manage.py", "issue_key", "shop", "--user", "alice", "--grant", "100", "--json"],
    )
    client.headers["Authorization"] = f"Bearer {read_last(made)['key']}"
    order = {"prompt": "a red circle", "width": 256, "height": 256, "steps": 4}
    answer = client.post("/api/v1/generate", json=order)
    assert answer.status_code == 202, answer.text
    address = f"/api/v1/tasks/{answer.json()['id']}"
    wait_until(
        lambda: client.get(address).json()["status"] in {"completed", "failed"}, 120, "the end"
    )
    task = client.get(address).json()
    assert task["status"] == "completed", task
    [picture] = task["result"]["images"]
    public = stack.services["web"]["environment"]["PUBLIC_URL"]
    assert picture["url"].startswith(public)
    link = client.get(picture["url"].removeprefix(public)).headers["Location"]
    assert link.startswith(f"{stack.store}/genhub/")
    assert httpx2.get(link, trust_env=False).content[8:12] == b"WEBP"
    stack.run("web", ["python", "manage.py", "audit"])
