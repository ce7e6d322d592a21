"""A whole hub with a collector: one order through all of its processes is one trace."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.embedded.hubs import HubProcess
from tests.faults.processes import wait_until
from tests.patience import patience
from tests.tracing.collector import Collector, collecting
from tests.webhooks.receiver import Receiver, receiving

# One at a time: two hubs side by side starve each other on a small machine.
pytestmark = [pytest.mark.whole, pytest.mark.timeout(300), pytest.mark.xdist_group("hub")]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PROMPT = "a red circle on a white background"
STEPS = 4
ENDPOINT = """
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
endpoints.create(Platform.objects.get(code="traced").pk, url="{url}", events=["task.completed"])
"""
# From the request to the call that tells the app, in the order in which they began.
WAY = ["POST /api/v1/generate", "accept", "ring", "claim", "draw", "step", "store", "settle", "webhook"]  # fmt: skip


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def hub(home: Path, collector: Collector, receiver: Receiver) -> Iterator[HubProcess]:
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        # Spans are sent this many milliseconds after they ended.
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "OTEL_SERVICE_NAME": "hub-of-the-tests",
        "WEBHOOK_HOSTS": receiver.name,
    }
    hub = HubProcess(home, settings=settings)
    yield hub
    hub.kill()


def test_an_order_drawn_by_the_engine_is_one_trace_to_its_webhook(
    hub: HubProcess, collector: Collector, receiver: Receiver
) -> None:
    hub.start()
    key = hub.run("issue_key", "traced", "--user", "alice", "--grant", "100").stdout.strip()
    hub.shell(ENDPOINT.format(url=receiver.url()))
    answer = httpx2.post(
        f"http://127.0.0.1:{hub.port}/api/v1/generate",
        json={"prompt": PROMPT, "seed": 7, "steps": STEPS},
        headers={
            "Authorization": f"Bearer {key}",
            "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
        },
        trust_env=False,
        timeout=patience(30),
    )
    task = answer.raise_for_status().json()["id"]
    wait_until(lambda: set(WAY) <= collector.names(TRACE), 120, "every span of the order")
    found = collector.of_trace(TRACE)
    firsts = list(dict.fromkeys(span.name for span in found))
    assert sorted(firsts) == sorted(WAY)
    # The bell may be heard before the ring of it has ended.
    assert [name for name in firsts if name != "ring"] == [name for name in WAY if name != "ring"]
    steps = [span for span in found if span.name == "step"]
    assert [span.attributes["genhub.number"] for span in steps] == list(range(1, STEPS + 1))
    [drawn] = [span for span in found if span.name == "draw"]
    assert {span.parent_id for span in steps} == {drawn.span_id}
    assert all(drawn.began <= span.began <= span.ended <= drawn.ended for span in steps)
    assert {span.attributes["genhub.task"] for span in found if "genhub.task" in span.attributes} == {task}  # fmt: skip
    assert {span.service for span in found} == {"hub-of-the-tests"}
    [told] = receiver.told
    [sent] = [span for span in found if span.name == "webhook"]
    assert told.headers["traceparent"] == f"00-{TRACE}-{sent.span_id}-01"
    logged = (hub.home / "log" / "requests.jsonl").read_text()
    assert f'"trace_id": "{TRACE}"' in logged
    # Tests that share this home may have had orders of their own drawn.
    jobs = (hub.home / "log" / "jobs.jsonl").read_text().splitlines()
    [worked] = [line for line in jobs if f'"task": "{task}"' in line]
    assert f'"trace_id": "{TRACE}"' in worked
    assert answer.headers["X-Request-ID"] in worked
    everything = b"".join(collector.bodies)
    assert key.encode() not in everything
    assert PROMPT.encode() not in everything
