"""`remote-b64` as a stock client has it: an order of OpenAI's, answered with the picture, and all checks on.

Beside prompt list and labels a moderation service judges each prompt before the hold and each picture before anybody
has it. The floor is what a client without a hub needs for the same: the vendor's answer, both judgements, one PUT and
one commit.
"""

import base64
import io
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx2
from PIL import Image

from tests.bench import engine_tax, remote_hub, vendor
from tests.bench.measure import (
    PATIENCE_SECONDS,
    QUICK_PATIENCE_SECONDS,
    Goal,
    Report,
    interleave,
    spread,
)
from tests.bench.remote_b64 import LOOK_SECONDS, MODEL, Direct, direct
from tests.bench.remote_hub import CREDITS, RemoteHub
from tests.providers.vendors.server import Asked, Reply, Server

MOST_ADDED = 3.0
# The native order ends with the picture stored; the dialect's has it read again, and sent.
MOST_OF_NATIVE = 1.3
TIMED, QUICKLY_TIMED, COUNTED, WARM = 5, 3, 10, 3
PROMPT = "a red circle"
MAKE_SERVICE = """
from generation.models import Moderator
Moderator.objects.create(alias="bench", adapter="openai", base_url={url!r}, checks_pictures=True)
"""


def pass_all(asked: Asked) -> Reply:
    """Object to nothing."""
    result = {"flagged": False, "categories": {"violence": False}, "category_scores": {}}
    return Reply(body={"results": [result] * len(asked.json["input"])})


class Client:
    """A stock client's HTTP: it orders, and has the picture in the answer."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self.orders = 0

    def order(self) -> float:
        """Return the milliseconds until the picture's bytes are there."""
        began = time.perf_counter()
        words = {"model": MODEL.alias, "prompt": PROMPT, "response_format": "b64_json"}
        answer = self._http.post("/v1/images/generations", json=words)
        if answer.is_error:
            raise AssertionError(f"{answer.status_code}: {answer.text[:500]}")
        [picture] = answer.json()["data"]
        if not base64.b64decode(picture["b64_json"]):
            raise AssertionError("no picture came")
        self.orders += 1
        return (time.perf_counter() - began) * 1000


@contextmanager
def stock(hub: RemoteHub) -> Iterator[Client]:
    """Have a client with a key of its own."""
    key = hub.hub.run_json("issue_key", "bench", "--user", "stock", "--grant", str(CREDITS))["key"]
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{hub.hub.port}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=60.0,
        trust_env=False,
    ) as http:
        yield Client(http)


def judge(client: Direct, url: str, jpeg: bytes) -> float:
    """Return the milliseconds of a judgement of the prompt, and one of the picture."""
    began = time.perf_counter()
    picture = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    for said in ([PROMPT], [{"type": "image_url", "image_url": {"url": picture}}]):
        client.http.post(f"{url}/moderations", json={"input": said}).raise_for_status()
    return (time.perf_counter() - began) * 1000


def draw_jpeg(picture: bytes) -> bytes:
    """Return a picture as services are shown it."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def run(*, is_quick: bool) -> Report:
    """Time the hub and the floor in turn; prove that each order was judged twice and sent once."""
    timed = QUICKLY_TIMED if is_quick else TIMED
    with ExitStack() as stack:
        service = stack.enter_context(Server(pass_all).running())
        seller = stack.enter_context(vendor.running())
        settings = stack.enter_context(remote_hub.bucket())
        hub = stack.enter_context(remote_hub.running(seller, [MODEL], settings))
        hub.hub.shell(MAKE_SERVICE.format(url=service.url))
        bare = stack.enter_context(direct(seller.base_url(MODEL.size), settings))
        client = stack.enter_context(stock(hub))
        before = seller.count()["orders"]
        for _ in range(WARM):
            client.order()
        asked = len(service.asked)
        bare.fetch()
        bare.keep()
        jpeg = draw_jpeg(bare.picture)
        found = interleave(
            {
                "vendor": bare.fetch,
                "judgements": lambda: judge(bare, service.url, jpeg),
                "PUT + commit": bare.keep,
                "hub": client.order,
                "hub, natively": lambda: (
                    hub.make(MODEL.alias, wait_seconds=LOOK_SECONDS).seconds * 1000
                ),
            },
            rounds=3 if is_quick else 9,
            calls=timed,
            unit="ms",
            patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
        )
        calls = 2 * timed * len(found.rounds["vendor"])
        prove(service.asked[asked:], number=2 * calls, by_hand=calls)
        sent, ordered = seller.count()["orders"] - before, client.orders + calls
        if sent != ordered + calls + 1:
            raise AssertionError(f"{ordered} orders, and {sent - calls - 1} were sent")
        cpu = [hub_cpu(hub, client) for _ in range(2 if is_quick else 4)]
    floors = zip(found.values("PUT + commit"), found.values("judgements"), strict=True)
    added = [
        hub_ms - vendor_ms
        for hub_ms, vendor_ms in zip(found.values("hub"), found.values("vendor"), strict=True)
    ]
    ratios = [ms / sum(floor) for ms, floor in zip(added, floors, strict=True)]
    return Report(
        arms=found.summary("ms"),
        goals=[
            Goal("hub-added / (judgements + PUT + commit)", ratios, most=MOST_ADDED),
            Goal("hub / hub, natively", found.ratios("hub", "hub, natively"), most=MOST_OF_NATIVE),
        ],
        control=found.control,
        facts={
            "picture_bytes": seller.sizes[MODEL.size],
            "store": "S3 by rclone, on this machine",
            "hub_added_ms": spread(added),
            "cpu_ms_a_picture_whole_hub": spread(cpu),
        },
    )


def prove(asked: list[Asked], *, number: int, by_hand: int) -> None:
    """Raise unless so many orders had prompt and picture judged, besides what was asked by hand."""
    inputs: list[Any] = [json.loads(one.body)["input"] for one in asked]
    pictures = sum(isinstance(said[0], dict) for said in inputs)
    if (pictures, len(inputs) - pictures) != (number + by_hand, number + by_hand):
        raise AssertionError(f"{number} orders, and {pictures - by_hand} pictures were judged")


def hub_cpu(hub: RemoteHub, client: Client) -> float:
    """Return the milliseconds of CPU that all of the hub takes for a picture."""
    return engine_tax.Work(hub.pids).weigh(client.order, COUNTED)
