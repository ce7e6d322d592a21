"""Wan's clips at DashScope."""

import datetime
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Lost, Provider, Waiting
from generation.providers.errors import Sent
from generation.spec import ModelCard
from tests.providers.vendors.clips import ClipContract, file_reply
from tests.providers.vendors.server import Asked, Reply, Server, path_of
from tests.providers.vendors.test_dashscope import envelope, task

NOW = datetime.datetime(2026, 11, 28, 10, tzinfo=datetime.UTC)
PATH = "/services/aigc/video-generation/video-synthesis"
SILENT = {"unsupported": ("audio",)}
OLD = ModelCard("any", vendor_model="wan2.6-i2v", **SILENT)  # type: ignore[arg-type]
NEW = ModelCard("any", vendor_model="wan3.0-video", **SILENT)  # type: ignore[arg-type]


class TestDashScopeVideos(ClipContract):
    """Models that are told their pictures in a list."""

    adapter = "dashscope_videos"
    card = NEW
    refusal = task("FAILED", code="DataInspectionFailed", message="no")
    unknown = task("PONDERING")
    failed = task("FAILED", code="InternalError.Algo", message="sorry")
    bad_key = envelope("InvalidApiKey", 401)
    no_quota = envelope("Arrearage")
    busy = envelope("Throttling.RateQuota", 429)
    broken = envelope("InternalError.Algo", 500)

    def respond(self, asked: Asked) -> Reply:
        if path_of(asked) == "/clip.mp4":
            return file_reply()
        if asked.method == "POST":
            return task("PENDING")
        url = f"http://{asked.headers['host']}/clip.mp4"
        said = {"video_url": url, "orig_prompt": "a star", "actual_prompt": "a bright star"}
        return task("SUCCEEDED", **said)

    def test_body_says_what_was_ordered_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(seeds=(7,), negative_prompt="rain"))
        created, polled = server.asked[:2]
        assert (created.path, polled.path) == (PATH, "/tasks/t")
        assert created.headers["x-dashscope-async"] == "enable"
        assert created.json == {
            "model": "wan3.0-video",
            "input": {"prompt": "a star", "negative_prompt": "rain"},
            "parameters": {"resolution": "720P", "ratio": "16:9", "duration": 5, "prompt_extend": False, "seed": 7},
        }  # fmt: skip
        [made] = finished.made
        assert (made.seed, made.revised_prompt) == (7, "a bright star")

    @pytest.mark.parametrize(
        ("card", "has_last", "words", "shape"),
        [
            (NEW, False, {"media": [{"type": "first_frame", "url": "…"}]}, {"resolution": "720P"}),
            (NEW, True, {"media": [{"type": "first_frame", "url": "…"}, {"type": "last_frame", "url": "…"}]}, {"resolution": "720P"}),
            (OLD, False, {"img_url": "…"}, {"resolution": "720P"}),
            (OLD, True, {"first_frame_url": "…", "last_frame_url": "…"}, {"resolution": "720P"}),
        ],
        ids=str,
    )  # fmt: skip
    def test_pictures_are_told_as_the_model_wants(
        self, server: Server, provider: Provider, card: ModelCard, has_last: bool, words: Any, shape: Any
    ) -> None:  # fmt: skip
        picture = Image.new("RGB", (64, 36))
        work = replace(self.work(image="art_1"), card=card, image=picture)
        provider.submit(replace(work, last_image=picture if has_last else None))
        body = server.asked[0].json
        url = next(text for text in server.asked[0].body.decode().split('"') if text.startswith("data:image/png;base64,"))  # fmt: skip
        said = eval(repr(body["input"]).replace(url, "…"))  # noqa: S307 (our own text)
        assert said == {"prompt": "a star", **words}
        assert shape.items() <= body["parameters"].items()
        assert not {"ratio", "size"} & body["parameters"].keys()

    def test_older_model_is_told_pixels(self, server: Server, provider: Provider) -> None:
        options = {"watermark": False, "shot_type": "multi", "prompt_extend": True}
        card = ModelCard("any", vendor_model="wan2.5-t2v-preview", options=options)
        provider.submit(replace(self.work(audio=True), card=card))
        assert server.asked[0].json["parameters"] == {
            "size": "1280*720", "duration": 5, "prompt_extend": True, "watermark": False, "shot_type": "multi",
            "audio": True,
        }  # fmt: skip

    def test_last_picture_alone_is_refused_by_older_models(
        self, server: Server, provider: Provider
    ) -> None:
        work = replace(self.work(), card=OLD, last_image=Image.new("RGB", (64, 36)))
        error = self.fail(provider, work)
        assert (error.code, "last_image" in str(error)) == ("provider_unsupported", True)
        assert "size" in str(self.fail(provider, self.work(width=1280, height=256)))
        assert server.asked == []

    def test_error_that_came_as_a_success_is_one(self, server: Server, provider: Provider) -> None:
        server.faults = [envelope("DataInspectionFailed", 200)]
        error = self.fail(provider)
        assert (error.code, error.sent) == ("content_refused", Sent.YES)

    def test_task_that_is_gone_is_not_ordered_again(
        self, server: Server, provider: Provider
    ) -> None:
        for gone in (task("UNKNOWN"), envelope("InvalidParameter", 200)):
            assert self.poll_badly(server, provider, gone).sent is Sent.MAYBE
        error = self.poll_badly(server, provider, task("SUCCEEDED"))
        assert (error.code, error.is_billed) == ("provider_answer_unreadable", True)

    @pytest.mark.parametrize(
        ("answers", "outcome"),
        [
            ([Reply(body={"request_id": "r"})], CancelOutcome.FREE),
            ([envelope("UnsupportedOperation"), task("RUNNING")], CancelOutcome.BILLED),
            ([envelope("UnsupportedOperation"), task("FAILED")], CancelOutcome.FREE),
            ([envelope("UnsupportedOperation"), task("UNKNOWN")], CancelOutcome.UNKNOWN),
        ],
        ids=str,
    )
    def test_cancel_says_what_it_costs(
        self, server: Server, provider: Provider, answers: list[Reply], outcome: CancelOutcome
    ) -> None:
        server.faults = list(answers)
        assert provider.cancel("t:1:7") is outcome
        assert server.asked[0].path == "/tasks/t/cancel"

    def test_lost_order_is_looked_for_by_time_model_and_prompt(
        self, server: Server, provider: Provider
    ) -> None:
        at = NOW.timestamp() * 1000
        listed = [{"task_id": name, "status": "RUNNING", "gmt_create": at} for name in "abc"]
        told = [task("RUNNING", orig_prompt=prompt) for prompt in ("a moon", None, "a star")]
        server.faults = [Reply(body={"total": 3, "data": listed}), *told]
        spec = self.work(seeds=(7,)).spec
        found = provider.find_lost(Lost(spec, self.card, NOW, NOW))
        assert [(one.remote_id, one.is_same_prompt) for one in found] == [
            ("c:1:7", True), ("b:1:7", None), ("a:1:7", False),
        ]  # fmt: skip
        assert "model_name=wan3.0-video" in server.asked[0].path

    def test_list_of_what_is_under_way_is_read_as_far_as_it_is_worth(
        self, server: Server, provider: Provider
    ) -> None:
        def page(*names: str, status: str = "RUNNING") -> Reply:
            rows = [{"task_id": name, "task_status": status} for name in names]
            rows += [{"task_id": f"other-{n}", "status": status} for n in range(100 - len(rows))]
            return Reply(body={"data": rows, "total": 900})

        ids = [f"t{number}:1:7" for number in range(20)]
        last = Reply(body={"data": [{"task_id": "t5", "status": "PENDING"}, {"task_id": "t6", "status": "FAILED"}]})  # fmt: skip
        server.faults = [page("t0", "t1"), page("t2"), last]
        found = provider.poll_many(ids)
        waits = Waiting(poll_after_seconds=5.0)
        assert found == dict.fromkeys(("t0:1:7", "t1:1:7", "t2:1:7", "t5:1:7"), waits)
        queries = [parse_qs(urlsplit(asked.path).query) for asked in server.asked]
        asked = [(query["status"], query["page_no"], query["page_size"]) for query in queries]
        assert asked == [(["RUNNING"], ["1"], ["100"]), (["RUNNING"], ["2"], ["100"]), (["PENDING"], ["1"], ["100"])]  # fmt: skip

    def test_check_asks_how_many_tasks_there_are(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"total": 2, "data": []})]
        assert provider.check() == {"tasks": 2}
