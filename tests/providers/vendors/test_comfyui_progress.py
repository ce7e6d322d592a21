"""How far ComfyUI's prompts are: told by its websocket to whoever listens while ours runs."""

from collections.abc import Iterator
from typing import Any

import pytest

from generation.providers.base import AccountSettings, Finished, Provider, Waiting
from generation.providers.registry import find_class
from generation.providers.vendors.comfyui import progress
from generation.providers.vendors.comfyui.provider import POLL_SECONDS
from tests.patience import patience
from tests.providers.vendors.comfy import OWN, WORKFLOW, Comfy, told
from tests.providers.vendors.server import Hang, Reply, Server, Silence, Upgraded, path_of

REMOTE_ID = f"{OWN}:5:"


STATUS = {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 1}}, "sid": "x"}}
# Two nodes are done, the sampler is in its ninth step of 20, and three have yet to begin.
NODES = {
    "4": {"value": 1.0, "max": 1.0, "state": "finished"},
    "6": {"value": 1.0, "max": 1.0, "state": "finished"},
    "3": {"value": 9.0, "max": 20.0, "state": "running"},
}
SHARE = 11 / (22 + len(WORKFLOW) - len(NODES))


def state_of(prompt: str, nodes: Any = NODES) -> dict[str, Any]:
    return {"type": "progress_state", "data": {"prompt_id": prompt, "nodes": nodes}}


def steps_of(value: Any, most: Any, **more: Any) -> dict[str, Any]:
    return {"type": "progress", "data": {"value": value, "max": most, "node": "3", **more}}


@pytest.fixture
def comfy() -> Comfy:
    """A server at which our prompt runs."""
    made = Comfy(is_quick=False)
    made.queue = [[0, OWN, WORKFLOW, {}, []]]
    return made


@pytest.fixture
def server(comfy: Comfy) -> Iterator[Server]:
    with Server(comfy.respond).running() as running:
        yield running


@pytest.fixture
def provider(server: Server) -> Provider:
    account = AccountSettings(
        "acc", server.url, "secret-key-of-the-test", private_hosts=frozenset({"127.0.0.1"})
    )
    return find_class("comfyui")(account)


@pytest.mark.parametrize(
    ("news", "share"),
    [
        ([STATUS, state_of(OWN)], SHARE),
        ([state_of("another"), state_of(OWN)], SHARE),
        ([b"\x00\x00\x00\x01" + bytes(100_000), steps_of(5, 20)], 0.25),
        ([steps_of(5, 20, prompt_id=OWN)], 0.25),
        ([steps_of(30, 20)], 1.0),
        ([STATUS], None),
        ([state_of("another"), steps_of(5, 20, prompt_id="another")], None),
        ([steps_of(5, 0), steps_of("half", 20), state_of(OWN, {}), state_of(OWN, {"3": 7})], None),
        (["no JSON", "[" * 50_000, "null", "[]", {"type": 7}, {}, steps_of(3, 4)], 0.75),
    ],
    ids=range(9),
)
def test_progress_is_what_the_server_tells_of_our_own_prompt(
    server: Server, comfy: Comfy, provider: Provider, monkeypatch: pytest.MonkeyPatch, news: list[Any],
    share: float | None,
) -> None:  # fmt: skip
    if share is not None:
        # What is to be heard is heard on a slow machine, too; of nothing each moment is long enough.
        monkeypatch.setattr(progress, "LISTEN_SECONDS", patience(0.5))
    comfy.news = told(*news)
    waits = provider.poll(REMOTE_ID)
    assert isinstance(waits, Waiting)
    assert waits.progress == (share and pytest.approx(share))
    asked = server.asked[-1]
    assert asked.path == "/ws?clientId=genhub"
    assert asked.headers["authorization"] == "Bearer secret-key-of-the-test"


@pytest.mark.parametrize(
    "fault",
    [
        Reply(404, {}), Reply(403, b"<html>"), Reply(200, b"no upgrade"), Hang(), Silence(),
        Upgraded(body=b"\xff" * 50), Upgraded(body=told("a" * (5 * 2**20))),
    ],
    ids=["none", "forbidden", "plain", "hangs", "cut", "no frames", "endless"],
)  # fmt: skip
def test_server_that_tells_nothing_is_only_asked(
    server: Server, comfy: Comfy, provider: Provider, fault: Reply
) -> None:
    server.respond = lambda asked: fault if path_of(asked) == "/ws" else comfy.respond(asked)
    assert provider.poll(REMOTE_ID) == Waiting(poll_after_seconds=POLL_SECONDS)
    assert server.count("GET", "/ws") == 1


def test_nobody_listens_to_what_waits_or_has_ended(
    server: Server, comfy: Comfy, provider: Provider
) -> None:
    comfy.queue.insert(0, [0, "another", WORKFLOW, {}, []])
    assert provider.poll(REMOTE_ID) == Waiting(poll_after_seconds=POLL_SECONDS)
    comfy.run()
    assert isinstance(provider.poll(REMOTE_ID), Finished)
    assert server.count("GET", "/ws") == 0


def test_queue_tells_of_all_that_wait_by_one_call(
    server: Server, comfy: Comfy, provider: Provider
) -> None:
    comfy.queue += [[n, name, WORKFLOW, {}, []] for n, name in enumerate("bc")]
    found = provider.poll_many([REMOTE_ID, "b:7:9", "c::", "gone::", "b::,c::"])
    # What runs is listened to; of an order of several prompts each is asked for.
    assert found == dict.fromkeys(("b:7:9", "c::"), Waiting(poll_after_seconds=POLL_SECONDS))
    assert [asked.path for asked in server.asked] == ["/queue"]
