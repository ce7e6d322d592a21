"""Clips by Replicate's models."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Hint, Lost, Provider, Waiting
from generation.providers.registry import find_class
from generation.spec import ModelCard
from tests.providers.vendors.clips import ClipContract, file_reply
from tests.providers.vendors.server import Asked, Reply, Server, path_of
from tests.providers.vendors.test_replicate import NOW, TestReplicate, prediction

MODEL = "bytedance/seedance-2.5"


class TestReplicateVideos(ClipContract):
    """Models whose words nobody knows but who offers them."""

    adapter = "replicate_videos"
    callback = b'{"id": "ufaw"}'
    card = ModelCard("any", vendor_model=MODEL, unsupported=("audio",))
    refusal, unknown, failed = TestReplicate.refusal, TestReplicate.unknown, TestReplicate.failed
    bad_key, no_quota = TestReplicate.bad_key, TestReplicate.no_quota
    busy, broken = TestReplicate.busy, TestReplicate.broken

    def respond(self, asked: Asked) -> Reply:
        host = f"http://{asked.headers['host']}"
        if path_of(asked) == "/clip.mp4":
            return file_reply()
        if path_of(asked) == "/files":
            return Reply(201, {"id": "f", "urls": {"get": f"{host}/files/f"}})
        if asked.method == "POST":
            return prediction("starting", 201)
        said: dict[str, Any] = {
            "output": f"{host}/clip.mp4",
            "input": {"prompt": "a star", "seed": 7},
        }
        return prediction("succeeded", started_at="2026-11-28T10:00:02Z", **said)

    def is_create(self, asked: Asked) -> bool:
        return asked.method == "POST" and path_of(asked).endswith("/predictions")

    def test_body_says_what_was_ordered_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(seeds=(7,)))
        asked = server.asked[0]
        assert asked.path == f"/models/{MODEL}/predictions"
        assert asked.json == {"input": {
            "prompt": "a star", "duration": 5, "resolution": "720p", "aspect_ratio": "16:9", "seed": 7,
        }}  # fmt: skip
        assert finished.made[0].seed == 7

    def test_words_of_a_model_are_its_offer_s_to_say(
        self, server: Server, provider: Provider
    ) -> None:
        words = {"last_image": "last_frame_image", "fps": "fps", "ratio": "", "resolution": ""}
        card = ModelCard("any", vendor_model="a/b:5c7d", options={"words": words})
        assert find_class("replicate_videos").takes_of(card) == {"image", "last_image", "seed"}
        large = Image.effect_noise((512, 512), 80).convert("RGB")
        work = replace(self.work(), card=card, image=large, last_image=Image.new("RGB", (16, 9)))
        provider.submit(work)
        handed, created = server.asked
        assert (handed.path, created.path) == ("/files", "/predictions")
        said = created.json["input"]
        assert said.pop("last_frame_image").startswith("data:image/png;base64,")
        assert said == {
            "prompt": "a star", "duration": 5, "fps": 24, "image": f"{server.url}/files/f",
        }  # fmt: skip

    @pytest.mark.parametrize("output", [None, "a poem", [], {"text": "x"}, "data:,aGk="])
    def test_output_without_a_file_is_paid(
        self, server: Server, provider: Provider, output: Any
    ) -> None:
        error = self.poll_badly(server, provider, prediction("succeeded", output=output))
        assert (error.code, error.is_billed) == ("provider_answer_unreadable", True)

    def test_cancel_callback_and_search_are_those_of_predictions(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [prediction("aborted"), prediction("processing")]
        assert provider.cancel("abc") is CancelOutcome.FREE
        assert provider.cancel("abc") is CancelOutcome.UNKNOWN
        provider.submit(replace(self.work(), callback_url="https://hub.test/cb"))
        assert server.asked[-1].json["webhook"] == "https://hub.test/cb"
        assert provider.parse_callback({}, b'{"id": "ufaw"}') == Hint("ufaw")
        mine = prediction("processing", id="it", model=MODEL, input={"prompt": "a star"}, created_at="2026-11-28T10:00:01Z")  # fmt: skip
        server.faults = [Reply(body={"results": [mine.body]})]
        work = self.work()
        [found] = provider.find_lost(Lost(work.spec, work.card, NOW, NOW))
        assert (found.remote_id, found.is_same_prompt) == ("it", True)

    def test_newest_pages_of_the_list_tell_who_is_worked_on(
        self, server: Server, provider: Provider
    ) -> None:
        states = ["starting", "processing", "succeeded", "aborted", "pondering"]
        rows = [{"id": f"p{number}", "status": state} for number, state in enumerate(states)]
        second = f"{server.url}/predictions?cursor=two"
        ids = [f"p{number}" for number in range(30)]
        server.faults = [
            Reply(body={"results": rows, "next": second}),
            Reply(body={"results": [{"id": "p9", "status": "starting"}], "next": None}),
        ]
        found = provider.poll_many(ids)
        assert found == dict.fromkeys(("p0", "p1", "p9"), Waiting(poll_after_seconds=5.0))
        assert [asked.path for asked in server.asked] == ["/predictions", "/predictions?cursor=two"]
        # Once all are seen, or more pages are not worth it, none is read any more.
        for few in (ids[:5], ids[:7]):
            server.faults = [Reply(body={"results": rows, "next": second})]
            provider.poll_many(few)
        assert len(server.asked) == 4

    def test_check_asks_whose_key_it_is(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"type": "user", "username": "acme"})]
        assert provider.check() == {"username": "acme", "type": "user"}
