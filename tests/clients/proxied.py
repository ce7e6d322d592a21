"""LiteLLM's proxy with the hub as its provider: pictures and edits pass through it, and each is paid once.

The proxy is a tool of its own: `make clients` fetches it, and runs this test, which no other run collects.
"""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import Hold
from generation.accounts.other_names import seed_other_names
from generation.models import Account, Task
from tests.api.album import PNG
from tests.api.refusals import header_of
from tests.bench import litellm_proxy
from tests.front.stock import draw, threads
from tests.live.streams import serving_both
from tests.patience import patience

__all__ = ["threads"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]


def test_litellm_passes_pictures_on(
    alice: APIClient, rich: Callable[..., Any], stub: Account, tmp_path: Path,
    threads: ThreadPoolExecutor,
) -> None:  # fmt: skip
    rich("alice", 100)
    seed_other_names()
    key = header_of(alice)["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    litellm_proxy.install(may_take_minutes=True)
    with (
        serving_both(tmp_path) as web,
        litellm_proxy.running(f"http://127.0.0.1:{web.port}/v1", key=key) as proxy,
    ):
        words = {"model": "bench", "prompt": "a star"}
        form = {"files": {"image": ("photo.png", PNG, "image/png")}, "data": words}
        for address, said in (("generations", {"json": words}), ("edits", form)):
            waiting = threads.submit(proxy.http.post, f"/v1/images/{address}", **said)
            draw()
            answer = waiting.result(patience())
            assert answer.status_code == 200, answer.text
            [picture] = answer.json()["data"]
            assert base64.b64decode(picture["b64_json"]).startswith(b"RIFF")
    assert [task.model for task in Task.objects.all()] == ["z-image-small"] * 2
    assert Hold.objects.count() == 2
