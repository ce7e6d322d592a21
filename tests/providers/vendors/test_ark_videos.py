"""Seedance clips of Volcengine Ark."""

import datetime
import inspect
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from volcenginesdkarkruntime.resources.content_generation.tasks import Tasks

from generation.providers.base import CancelOutcome, Hint, Lost, Provider, Waiting
from generation.spec import ModelCard
from tests.providers.vendors.clips import ClipContract, file_reply
from tests.providers.vendors.oracle import model_of
from tests.providers.vendors.server import Asked, Reply, Server, path_of

NOW = datetime.datetime(2026, 11, 28, 10, tzinfo=datetime.UTC)
PATH = "/contents/generations/tasks"
# What the SDK could send.
ORACLE = model_of(inspect.getclosurevars(Tasks.create).nonlocals["func"])


def failure(status: int, code: str) -> Reply:
    said = {"code": code, "message": "told so", "type": "any", "param": ""}
    return Reply(status, {"error": said})


def task(status: str, **words: Any) -> Reply:
    return Reply(
        body={"id": "cgt-2026-abc", "model": "doubao-seedance-2-5", "status": status, **words}
    )


class TestArkVideos(ClipContract):
    """Seedance."""

    adapter = "ark_videos"
    callback = b'{"id": "cgt-2026-abc", "status": "succeeded"}'
    card = ModelCard("any", vendor_model="doubao-seedance-2-5-260628", unsupported=("audio",))
    refusal = task("failed", error={"code": "OutputVideoSensitiveContentDetected", "message": "no"})
    unknown = task("pondering")
    failed = task("failed", error={"code": "InternalServiceError", "message": "sorry"})
    bad_key = failure(401, "AuthenticationError")
    no_quota = failure(403, "AccountOverdueError")
    busy = failure(429, "RateLimitExceeded.EndpointRPMExceeded")
    broken = failure(500, "InternalServiceError")

    def respond(self, asked: Asked) -> Reply:
        if path_of(asked) == "/clip.mp4":
            return file_reply()
        if asked.method == "POST":
            return Reply(body={"id": "cgt-2026-abc"})
        url = f"http://{asked.headers['host']}/clip.mp4"
        usage = {"completion_tokens": 108_900, "total_tokens": 108_900}
        return task("succeeded", content={"video_url": url}, usage=usage, seed=7)

    def check_request(self, asked: Asked) -> None:
        if asked.method == "POST":
            ORACLE.model_validate_json(asked.body)

    def test_body_says_what_was_ordered_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(seeds=(7,)))
        created, polled = server.asked[:2]
        assert (created.path, polled.path) == (PATH, f"{PATH}/cgt-2026-abc")
        assert created.headers["x-client-request-id"] == "att_1"
        assert created.json == {
            "model": "doubao-seedance-2-5-260628", "content": [{"type": "text", "text": "a star"}],
            "resolution": "720p", "ratio": "16:9", "duration": 5, "watermark": False, "seed": 7,
        }  # fmt: skip
        assert (finished.made[0].seed, finished.usage.output_tokens) == (7, 108_900)

    def test_first_and_last_picture_have_their_roles(
        self, server: Server, provider: Provider
    ) -> None:
        picture = Image.new("RGB", (64, 36))
        provider.submit(replace(self.work(image="art_1"), image=picture, last_image=picture))
        _, first, last = server.asked[0].json["content"]
        assert (first["role"], last["role"]) == ("first_frame", "last_frame")
        assert first["image_url"]["url"].startswith("data:image/png;base64,")

    def test_sound_is_said_where_the_model_has_it(self, server: Server, provider: Provider) -> None:
        card = ModelCard("any", vendor_model="doubao-seedance-2-5", options={"camera_fixed": True})
        for sounds in (True, False):
            provider.submit(replace(self.work(audio=sounds), card=card))
            body = server.asked[-1].json
            assert (body["generate_audio"], body["camera_fixed"]) == (sounds, True)

    def test_shape_that_it_does_not_make_is_named(self, server: Server, provider: Provider) -> None:
        assert "size" in str(self.fail(provider, self.work(width=1280, height=256)))
        assert server.asked == []

    @pytest.mark.parametrize("status", ["cancelled", "expired"])
    def test_what_somebody_stopped_there_is_over(
        self, server: Server, provider: Provider, status: str
    ) -> None:
        error = self.poll_badly(server, provider, task(status))
        assert (error.code, error.retryable) == ("generation_failed", False)

    @pytest.mark.parametrize(
        ("status", "outcome", "deletes"),
        [
            ("queued", CancelOutcome.FREE, 1),
            ("running", CancelOutcome.BILLED, 0),
            ("succeeded", CancelOutcome.BILLED, 0),
            ("failed", CancelOutcome.FREE, 0),
        ],
    )
    def test_cancel_says_what_it_costs_and_deletes_no_record(
        self, server: Server, provider: Provider, status: str, outcome: CancelOutcome, deletes: int
    ) -> None:
        server.faults = [task(status), Reply(200, {})]
        assert provider.cancel("cgt-2026-abc") is outcome
        assert server.count("DELETE", f"{PATH}/cgt-2026-abc") == deletes

    def test_lost_order_is_looked_for_by_time_and_model(
        self, server: Server, provider: Provider
    ) -> None:
        def made(name: str, seconds: float | None) -> dict[str, Any]:
            at = None if seconds is None else NOW.timestamp() + seconds
            return {"id": name, "status": "running", "created_at": at}

        items = [made("later", 500), made("it", 5), made("no-time", None), made("older", -500)]
        server.faults = [Reply(body={"items": items, "total": 4})]
        work = self.work()
        until = NOW + datetime.timedelta(seconds=30)
        [found] = provider.find_lost(Lost(work.spec, work.card, NOW, until))
        # Its prompt is not told: a person decides.
        assert (found.remote_id, found.is_same_prompt) == ("it", None)
        assert "filter.model=doubao-seedance-2-5-260628" in server.asked[0].path

    def test_list_by_ids_tells_who_is_worked_on(self, server: Server, provider: Provider) -> None:
        ids = [f"cgt-{number}" for number in range(120)]
        states = ["queued", "running", "succeeded", "failed", "pondering"]
        items = [{"id": name, "status": states[n % 5]} for n, name in enumerate(ids[:10])]
        items += [{"status": "running"}, {"id": "../another", "status": "running"}]
        server.faults = [Reply(body={"items": items}), Reply(body={}), Reply(body={"items": None})]
        found = provider.poll_many(ids)
        assert {name: found.get(name) for name in ids if name in found} == dict.fromkeys(
            ("cgt-0", "cgt-1", "cgt-5", "cgt-6"), Waiting(poll_after_seconds=5.0)
        )
        paths = [asked.path for asked in server.asked]
        assert [path.count("filter.task_ids=") for path in paths] == [50, 50, 20]
        assert paths[2].startswith(f"{PATH}?page_num=1&page_size=20&filter.task_ids=cgt-100&")

    def test_callback_is_asked_for_and_only_a_hint(
        self, server: Server, provider: Provider
    ) -> None:
        provider.submit(replace(self.work(), callback_url="https://hub.test/cb"))
        assert server.asked[0].json["callback_url"] == "https://hub.test/cb"
        said = b'{"id": "cgt-2026-abc", "status": "succeeded"}'
        assert provider.parse_callback({}, said) == Hint("cgt-2026-abc")
        for forged in (b"", b"{}", b'{"id": "../x"}', b"[" * 100_000):
            with pytest.raises(ValueError, match=r"."):
                provider.parse_callback({}, forged)

    def test_check_asks_how_many_tasks_there_are(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"items": [], "total": 12})]
        assert provider.check() == {"tasks": 12}
