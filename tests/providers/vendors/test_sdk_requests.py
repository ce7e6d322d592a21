"""An order is the request that its vendor's own SDK sends for it, word for word; what the SDK adds is named."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest
from dashscope import ImageSynthesis, MultiModalConversation, VideoSynthesis
from dashscope.aigc.image_generation import ImageGeneration
from PIL import Image
from replicate.client import Client

from generation.providers.base import Work
from generation.providers.files import data_uri
from generation.spec import ModelCard
from tests.providers.vendors import test_dashscope, test_dashscope_videos, test_replicate
from tests.providers.vendors.contract import ProviderContract
from tests.providers.vendors.server import Asked, Reply, Server, path_of

KEY: Final = "secret-key-of-the-test"
# Who sends it, and whether its answer is waited for; the others tell of the sender's software.
HEADERS: Final = ("authorization", "x-dashscope-async", "content-type")
# What DashScope's SDK says of itself in each part of a body.
DASHSCOPE_OWN: Final = {"parameters": {"is_async"}, "input": {"extend_prompt", "function"}}
PICTURE: Final = Image.new("RGB", (64, 36), (200, 30, 30))
Send = Callable[[str], Any]


def told(asked: Asked, own: dict[str, set[str]]) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    """Return what a request says: method, path, the headers that matter, and the body without an SDK's own words."""
    headers: dict[str, str] = {
        name: asked.headers[name].partition(";")[0] for name in HEADERS if name in asked.headers
    }
    body = asked.json
    for part, names in own.items():
        for name in names & body[part].keys():
            del body[part][name]
    return asked.method, path_of(asked), headers, body


def check_same(
    contract: ProviderContract, work: Work, by_sdk: Send, own: dict[str, set[str]], below: str = ""
) -> None:
    """Order by the adapter and by the SDK from the same vendor, and compare what it was asked first. Below this path
    lies what the SDK asks of itself."""
    with Server(contract.respond).running() as server:
        contract.make(f"{server.url}{below}").submit(work)
        ours = server.asked[0]
        server.asked.clear()
        by_sdk(server.url)
        theirs = server.asked[0]
    assert told(ours, {}) == told(theirs, own)


def of_model(contract: ProviderContract, model: str, **words: Any) -> Work:
    """Return an order for a vendor's model."""
    return replace(contract.work(**words), card=ModelCard("any", vendor_model=model))


def takes(contract: ProviderContract) -> ProviderContract:
    """Return a vendor that takes each order and has not begun it."""
    pending = Reply(body={"output": {"task_id": "t", "task_status": "PENDING"}, "request_id": "r"})
    contract.respond = lambda asked: pending  # type: ignore[method-assign]
    return contract


def say(call: Callable[..., Any], base: str, /, **words: Any) -> Any:
    """Order by one of DashScope's SDK's ways."""
    return call(api_key=KEY, base_address=base, prompt_extend=False, **words)


def message(*content: dict[str, str]) -> list[Any]:
    """Return the one message of an order."""
    return [{"role": "user", "content": list(content)}]


WORDS: Final = {"text": "a star"}


@pytest.mark.parametrize(
    ("model", "image", "content"),
    [
        ("z-image-turbo", None, [WORDS]),
        ("qwen-image-2.0-pro", None, [WORDS]),
        ("qwen-image-2.0-pro", PICTURE, [{"image": data_uri(PICTURE)}, WORDS]),
    ],
    ids=["z-image", "qwen-image", "edit"],
)
def test_dashscope_at_once(
    model: str, image: Image.Image | None, content: Sequence[dict[str, str]]
) -> None:
    contract = test_dashscope.TestAtOnce()
    work = replace(of_model(contract, model, seeds=(7,)), image=image)
    by_sdk = partial(
        say, MultiModalConversation.call, model=model, messages=message(*content), size="1024*1024", seed=7,
    )  # fmt: skip
    check_same(contract, work, by_sdk, DASHSCOPE_OWN)


@pytest.mark.parametrize(
    ("card", "call", "words"),
    [
        (test_dashscope.WAN_NEW, ImageGeneration.async_call, {"messages": message(WORDS)}),
        (test_dashscope.WAN_OLD, ImageSynthesis.async_call, {"prompt": "a star"}),
    ],
    ids=["by messages", "by prompt"],
)
def test_dashscope_later(card: ModelCard, call: Callable[..., Any], words: dict[str, Any]) -> None:
    contract = takes(test_dashscope.TestTasks())
    work = replace(contract.work(3, negative_prompt="blurry"), card=card)
    usual = {"model": card.vendor_model, "n": 3, "size": "1024*1024", "negative_prompt": "blurry"}
    check_same(contract, work, lambda base: say(call, base, **usual, **words), DASHSCOPE_OWN)


def test_dashscope_clips() -> None:
    contract = takes(test_dashscope_videos.TestDashScopeVideos())
    work = contract.work(seeds=(7,), negative_prompt="rain")
    words = {
        "model": "wan3.0-video", "prompt": "a star", "negative_prompt": "rain", "resolution": "720P", "ratio": "16:9",
        "duration": 5, "seed": 7,
    }  # fmt: skip
    by_sdk = partial(say, VideoSynthesis.async_call)
    check_same(contract, work, lambda base: by_sdk(base, **words), DASHSCOPE_OWN)


def test_dashscope_clips_from_a_picture() -> None:
    contract = takes(test_dashscope_videos.TestDashScopeVideos())
    work = replace(contract.work(image="art_1"), card=test_dashscope_videos.OLD, image=PICTURE)
    words = {
        "model": "wan2.6-i2v", "prompt": "a star", "img_url": data_uri(PICTURE), "resolution": "720P", "duration": 5,
    }  # fmt: skip
    by_sdk = partial(say, VideoSynthesis.async_call)
    check_same(contract, work, lambda base: by_sdk(base, **words), DASHSCOPE_OWN)


@pytest.mark.parametrize(
    ("model", "order"),
    [
        (
            "black-forest-labs/flux-dev",
            lambda client, words: client.models.predictions.create(
                "black-forest-labs/flux-dev", input=words
            ),
        ),
        (
            "owner/name:5c7d5dc6",
            lambda client, words: client.predictions.create(version="5c7d5dc6", input=words),
        ),
        (
            "deployments/owner/name",
            lambda client, words: client.deployments.predictions.create("owner/name", input=words),
        ),
    ],
    ids=["official", "version", "deployment"],
)
def test_predictions_at_replicate(
    model: str, order: Callable[[Client, dict[str, Any]], Any]
) -> None:
    contract = test_replicate.TestReplicate()
    words = {"prompt": "a star", "seed": 7, "aspect_ratio": "1:1"}

    def by_sdk(base: str) -> Any:
        # Without its wish to wait: the hub asks later.
        return order(Client(api_token=KEY, base_url=base), words)

    check_same(contract, of_model(contract, model, seeds=(7,)), by_sdk, {}, below="/v1")
