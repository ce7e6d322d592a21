"""What the hub adds to a vendor's own time: submit → claimed → made → checked → labelled → stored → charged.

The vendor answers at once with 1.8 MB in base64. Beside it: a client that fetches the same, puts it into the same store
and commits one row. What LiteLLM's proxy does to pass a picture on is compared with the hub's own way to the vendor and
back; the whole hub's CPU time stands beside it, and is no fair rival: that proxy keeps nothing.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import httpx2
import msgspec
import psycopg
import pybase64
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from storages.backends.s3 import S3Storage

from generation.providers.base import AccountSettings, VendorFile, Work
from generation.providers.vendors.openai import OpenAIProvider
from generation.spec import GenerationSpec, ModelCard
from genhub.embedded import paths
from genhub.embedded.postgres import NAME
from genhub.settings.store import s3_storage
from tests import servers
from tests.bench import engine_tax, litellm_proxy, remote_hub, vendor
from tests.bench.measure import (
    PATIENCE_SECONDS,
    QUICK_PATIENCE_SECONDS,
    Figures,
    Goal,
    NotRun,
    Report,
    interleave,
    spread,
)
from tests.bench.server import say

MODEL = remote_hub.Model("bench")
# The seconds after which a picture is first asked for: whoever asks takes time from who makes it.
LOOK_SECONDS = 0.3
MOST_ADDED, MOST_CPU = 3.0, 0.5
# Pictures of one turn: of the latency, and of the CPU time, whose clock ticks 100 times a second.
TIMED, QUICKLY_TIMED, COUNTED, WARM = 5, 3, 10, 3
PLACE = "outputs/bench/direct.png"


@dataclass
class Direct:
    """A client without a hub: the vendor's answer, and what it takes to keep a picture."""

    url: str
    http: httpx2.Client
    store: Storage
    database: psycopg.Connection
    picture: bytes = b""

    def fetch(self) -> float:
        """Return the milliseconds until the picture's bytes are there."""
        began = time.perf_counter()
        words = {"model": "bench", "prompt": "a red circle", "response_format": "b64_json"}
        answer = self.http.post(f"{self.url}/images/generations", json=words)
        self.picture = pybase64.b64decode(
            msgspec.json.decode(answer.content)["data"][0]["b64_json"]
        )
        return (time.perf_counter() - began) * 1000

    def keep(self) -> float:
        """Return the milliseconds of one PUT and one commit."""
        began = time.perf_counter()
        self.store.save(PLACE, ContentFile(self.picture))
        self.database.execute("INSERT INTO bench_kept (key) VALUES (%s)", [PLACE])
        return (time.perf_counter() - began) * 1000


@contextmanager
def direct(url: str, settings: dict[str, str]) -> Iterator[Direct]:
    """Have such a client, with the hub's database, and its bucket as django-storages itself speaks to it."""
    with patch.dict("os.environ", settings):
        entry = s3_storage()
    assert entry
    options = {
        name: value for name, value in entry["OPTIONS"].items() if name != "public_endpoint_url"
    }
    store = S3Storage(**options)
    run_folder = paths.run_folder(servers.HOME / "hub")
    address = f"postgres://genhub@/{NAME}?host={run_folder}"
    with (
        httpx2.Client(timeout=60.0, trust_env=False) as http,
        psycopg.connect(address, autocommit=True) as database,
    ):
        database.execute("CREATE TABLE bench_kept (id bigserial PRIMARY KEY, key text)")
        yield Direct(url, http, store, database)


def make_by_adapter(provider: OpenAIProvider) -> None:
    """Order one picture as a worker does, and read it to its end."""
    card = ModelCard("bench", unsupported=("steps", "cfg_scale", "seed"))
    spec = GenerationSpec("image", "bench", "a red circle", "", 512, 512)
    work = Work(spec, card, lambda *_: None)
    [made] = provider.submit(work).made
    assert isinstance(made.content, VendorFile)
    with made.content.open() as file:
        assert file.read()


def own_cpu(provider: OpenAIProvider, number: int) -> float:
    """Return the milliseconds of CPU that the hub's way to the vendor and back takes for a picture."""
    began = time.process_time()
    for _ in range(number):
        make_by_adapter(provider)
    return (time.process_time() - began) / number * 1000


def proxy_cpu(proxy: litellm_proxy.Proxy, number: int) -> float:
    """Return the milliseconds of CPU that the proxy's processes take for a picture."""
    return engine_tax.Work(proxy.pids).weigh(proxy.make, number)


def hub_cpu(hub: remote_hub.RemoteHub, number: int) -> float:
    """Return the milliseconds of CPU that all of the hub takes for a picture."""
    return engine_tax.Work(hub.pids).weigh(lambda: hub.make_many(MODEL.alias, number), 1, number)


def compare_cpu(
    seller: vendor.RunningVendor, *, is_quick: bool
) -> tuple[Figures | None, dict[str, Any]]:
    """Return the CPU time of the hub's way and the proxy's, or the reason why there is no proxy."""
    try:
        litellm_proxy.install(may_take_minutes=not is_quick)
    except NotRun as reason:
        say(f"· {reason}")
        return None, {"litellm": str(reason)}
    url = seller.base_url(MODEL.size)
    provider = OpenAIProvider(
        AccountSettings("bench", url, "sk-x", private_hosts=frozenset({"127.0.0.1"}))
    )
    with litellm_proxy.running(url) as proxy:
        for _ in range(WARM):
            make_by_adapter(provider)
            proxy.make()
        found = interleave(
            {
                "the hub's way": lambda: own_cpu(provider, COUNTED),
                "LiteLLM's proxy": lambda: proxy_cpu(proxy, COUNTED),
            },
            rounds=3 if is_quick else 7,
            unit="ms of CPU",
            patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
        )
    return found, {"litellm": litellm_proxy.version()}


def run(*, is_quick: bool) -> Report:
    """Time hub, direct client and floor in turn; then the CPU time beside the proxy's."""
    timed = QUICKLY_TIMED if is_quick else TIMED
    with ExitStack() as stack:
        seller = stack.enter_context(vendor.running())
        settings = stack.enter_context(remote_hub.bucket())
        hub = stack.enter_context(remote_hub.running(seller, [MODEL], settings))
        client = stack.enter_context(direct(seller.base_url(MODEL.size), settings))
        before = seller.count()["orders"]
        ordered = [hub.make(MODEL.alias) for _ in range(WARM)]
        client.fetch()
        client.keep()

        def time_hub() -> float:
            ended = hub.make(MODEL.alias, wait_seconds=LOOK_SECONDS)
            ordered.append(ended)
            return ended.seconds * 1000

        found = interleave(
            {"vendor": client.fetch, "PUT + commit": client.keep, "hub": time_hub},
            rounds=3 if is_quick else 9,
            calls=timed,
            unit="ms",
            patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
        )
        sent = seller.count()["orders"] - before
        direct_calls = 1 + 2 * timed * len(found.rounds["vendor"])
        if sent != len(ordered) + direct_calls:
            raise AssertionError(f"{len(ordered)} orders, and {sent - direct_calls} were sent")
        whole = [hub_cpu(hub, COUNTED) for _ in range(2 if is_quick else 4)]
        cpu, facts = compare_cpu(seller, is_quick=is_quick)
    added = [
        hub_ms - vendor_ms
        for hub_ms, vendor_ms in zip(found.values("hub"), found.values("vendor"), strict=True)
    ]
    goals = [
        Goal(
            "hub-added / (PUT + commit)",
            [ms / floor for ms, floor in zip(added, found.values("PUT + commit"), strict=True)],
            most=MOST_ADDED,
        )
    ]
    if cpu:
        ratios = cpu.ratios("the hub's way", "LiteLLM's proxy")
        goals.append(Goal("CPU a picture, the hub's way / LiteLLM's proxy", ratios, most=MOST_CPU))
    return Report(
        arms=found.summary("ms") | (cpu.summary("ms of CPU") if cpu else {}),
        goals=goals,
        control=found.control,
        facts={
            "picture_bytes": seller.sizes[MODEL.size],
            "store": "S3 by rclone, on this machine",
            "hub_added_ms": spread(added),
            "cpu_ms_a_picture_whole_hub": spread(whole),
            **facts,
        },
    )
