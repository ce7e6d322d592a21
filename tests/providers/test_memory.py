"""A picture on its way from a vendor's answer into the store is never in memory more than three times."""

import datetime
import json
import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import pybase64
import pytest
from PIL import Image

from generation.providers.base import AccountSettings, VendorFile, Work
from generation.providers.errors import ProviderError
from generation.providers.http import MOST_ANSWER_BYTES
from generation.providers.vendors.openai import OpenAIProvider
from generation.spec import GenerationSpec, ModelCard
from storage import content
from storage.outputs import save_output
from tests.providers.vendors.server import Asked, Reply, Server
from tests.storage import made_pictures as made
from tests.storage.conftest import local

pytestmark = pytest.mark.whole

__all__ = ["local"]
MOST_PICTURES = 3


@pytest.mark.parametrize("form", ["b64_json", "url"])
def test_picture_is_in_memory_three_times_at_most(local: Path, form: str) -> None:
    # Noise: as large as its pixels.
    picture = made.encode(Image.effect_noise((2000, 2000), 90), "PNG", compress_level=1)
    assert len(picture) > 3_000_000
    in_base64 = json.dumps({"data": [{"b64_json": pybase64.b64encode(picture).decode()}]}).encode()

    def respond(asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(body=picture, headers={"content-type": "image/png"})
        if form == "url":
            return Reply(body={"data": [{"url": f"{server.url}/picture.png"}]})
        return Reply(body=in_base64)

    server = Server(respond)
    options, hosts = {"response_format": form}, frozenset({"127.0.0.1"})
    account = AccountSettings("a", server.url, "sk-x", options, private_hosts=hosts)
    spec = GenerationSpec("image", "m", "a star", "", 512, 512)
    work = Work(spec, ModelCard("m"), lambda *_: None)

    def make() -> int:
        [output] = OpenAIProvider(account).submit(work).made
        assert isinstance(output.content, VendorFile)
        file = content.VendorFile(output.content.media_type, output.content.open)
        place: dict[str, Any] = {"owner": uuid.uuid4(), "attempt": uuid.uuid4()}
        return save_output(file, day=datetime.date(2026, 1, 2), position=0, **place).size_bytes

    with server.running():
        # Once before: what is imported and kept is none of the picture's.
        make()
        tracemalloc.start()
        try:
            assert make() > 3_000_000
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < MOST_PICTURES * len(picture)


# What is read whole, and is no answer; and what is given up on its way.
@pytest.mark.parametrize("size", [200 * 10**6, MOST_ANSWER_BYTES + 40 * 2**20])
def test_answer_of_hundreds_of_megabytes_is_in_memory_once(size: int) -> None:
    body = b'{"data": "' + b"x" * size + b'"}'
    with Server(lambda asked: Reply(body=body)).running() as server:
        account = AccountSettings("a", server.url, "sk-x", private_hosts=frozenset({"127.0.0.1"}))
        spec = GenerationSpec("image", "m", "a star", "", 512, 512)
        work = Work(spec, ModelCard("m"), lambda *_: None)
        tracemalloc.start()
        try:
            with pytest.raises(ProviderError) as failure:
                OpenAIProvider(account).submit(work)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (failure.value.code, len(server.asked)) == ("provider_answer_unreadable", 1)
    assert peak < 1.5 * min(size, MOST_ANSWER_BYTES)
