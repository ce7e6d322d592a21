"""Every block of shell and Python that a newcomer reads runs, in order, against one hub."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.embedded.hubs import HubProcess
from tests.handbook.documents import CHINESE, ENGLISH, ROOT, Block, read_blocks
from tests.patience import patience
from tests.ports import free_port

# How each kind is meant: to be run, or to be read.
RUN, READ = {"sh", "python"}, {"console", "text", "json", "js", "py", "html"}
# Blocks of commands that no test can run, by their first line, and why.
NOT_RUN = {
    "make demo     # start everything, make one picture, stay up until Ctrl-C": "installs, and starts a hub of its own",
    "apt install postgresql redis-server nginx python3-venv": "changes the system, as root",
    "adduser --system --group --home /var/lib/genhub genhub": "changes the system, as root",
    "cd /opt/genhub && python3 -m venv .venv && .venv/bin/pip install -e '.[local,tokens]'": "installs into the system",
    "install -D -m 640 -g genhub deploy/environment.example /etc/genhub/environment": "changes the system, as root",
    "install -d -o genhub -g genhub -m 750 /var/log/genhub": "changes the system, as root",
    "cp -r deploy/systemd/. /etc/systemd/system/": "needs systemd, as root",
    "cp deploy/nginx.conf /etc/nginx/conf.d/genhub.conf": "needs nginx and a certificate, as root",
    "curl https://hub.example.com/api/v1/health": "needs a domain",
    "sudo -u postgres psql -v ON_ERROR_STOP=1 --single-transaction -d genhub -f deploy/database-role.sql":
        "needs the system's PostgreSQL; tests/credits/test_role.py runs the file",
    "deploy/docker/up": "needs Docker; tests/deploy starts the same commands without",
    "cd deploy/docker": "needs Docker; tests/deploy/test_stack.py runs such commands without",
    "kubectl create namespace genhub": "needs a cluster; tests/deploy/test_kubernetes.py reads the manifests",
    ".venv/bin/python -m generation.training.evaluate --prompts 300": "draws hundreds of pictures",
    'curl -sS "${HUB%/api/v1}/v1/video/generations" -H "Authorization: Bearer $GENHUB_KEY" \\':
        "needs a vendor's model of clips; tests/front/test_openai_videos.py orders so",
}  # fmt: skip
# What staff do in the admin before an app may grant.
RULE = """
from credits.models import GrantRule
from genhub.platforms.models import Platform
shop = Platform.objects.get(code="shop")
GrantRule.objects.create(platform=shop, kind="ad_reward", daily_most_per_user=50, daily_most=80)
"""
# Where the receiver of the handbook listens, and what the reader saves it as.
RECEIVER_PORT = "8700"
SAVED = re.compile(r"# (\w+\.py)\b")
MADE = ["star.webp", "star-0.webp", "star-1.webp", "circle.webp"]


def test_every_block_says_what_it_is() -> None:
    blocks = [block for path in ENGLISH + CHINESE for block in read_blocks(path)]
    assert {block.place: block.kind for block in blocks if block.kind not in RUN | READ} == {}


def test_what_is_not_run_is_known_with_its_cause() -> None:
    blocks = [block for path in ENGLISH for block in read_blocks(path) if block.kind == "console"]
    assert {block.code.partition("\n")[0] for block in blocks} == set(NOT_RUN)


@pytest.mark.parametrize(
    ("english", "chinese"), list(zip(ENGLISH, CHINESE, strict=True)), ids=[p.name for p in ENGLISH]
)
def test_both_languages_hold_the_same_code(english: Path, chinese: Path) -> None:
    ours, theirs = read_blocks(english), read_blocks(chinese)
    assert [block.kind for block in ours] == [block.kind for block in theirs]
    for one, other in zip(ours, theirs, strict=True):
        if one.kind in RUN | {"console"}:
            assert one.bare == other.bare, other.place


@pytest.fixture
def hub(home: Path) -> Iterator[HubProcess]:
    hub = HubProcess(home, settings={"WEBHOOK_HOSTS": f"127.0.0.1:{free_port()}"})
    hub.start()
    yield hub
    hub.kill()
    assert hub.processes() == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that holds what a checkout holds, and takes what the reader writes beside it."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("manage.py", "genhub", "generation"):
        (folder / name).symlink_to(ROOT / name)
    # A refusal is a failure, which curl does not say by itself.
    (folder / ".curlrc").write_text('fail-with-body\nnoproxy = "*"\n')
    return folder


@pytest.mark.whole
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("hub")
def test_every_block_of_shell_and_python_runs(hub: HubProcess, checkout: Path) -> None:
    hub.run_json("issue_key", "shop")
    assert hub.run("shell", "-c", RULE).returncode == 0
    ran = [block.kind for path in ENGLISH for block in run_document(path, hub, checkout)]
    assert ran.count("sh") > 8
    assert ran.count("python") == 6
    [told] = checkout.glob("told-*.webp")
    for name in [*MADE, told.name]:
        with Image.open(checkout / name) as picture:
            assert (picture.format, picture.size) == ("WEBP", (256, 256)), name
    assert "grant" in (checkout / "statement.csv").read_text("utf-8")
    assert hub.run_json("audit")["ok"] is True


def run_document(path: Path, hub: HubProcess, folder: Path) -> list[Block]:
    """Run a document's blocks in one shell, as its reader would; the failing one is named."""
    blocks = [block for block in read_blocks(path) if block.kind in RUN]
    lines = ["set -eo pipefail", f"trap 'echo failed: {path.name}, line $BLOCK >&2' ERR"]
    for block in blocks:
        lines += [f"BLOCK={block.line}", command_of(block)]
    script = "\n".join(lines).replace(".venv/bin/python", sys.executable)
    script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{hub.port}")
    script = script.replace(RECEIVER_PORT, hub.settings["WEBHOOK_HOSTS"].rpartition(":")[2])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**hub.environment, "CURL_HOME": str(folder), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=patience(180),
        check=False,
    )
    assert done.returncode == 0, f"{path.name}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return blocks


def command_of(block: Block) -> str:
    """Return the command that runs a block, or saves it where it names a file; the shell hands Python over."""
    if block.kind == "sh":
        return block.code
    saved = SAVED.match(block.code)
    command = f"cat > {saved[1]}" if saved else ".venv/bin/python -"
    return f"{command} <<'END OF BLOCK'\n{block.code}END OF BLOCK"
