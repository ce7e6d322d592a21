"""Clips by fal's models."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Hint, Provider
from generation.providers.registry import find_class
from generation.spec import ModelCard
from tests.providers.vendors.clips import ClipContract, file_reply
from tests.providers.vendors.server import Asked, Reply, Server, path_of
from tests.providers.vendors.test_fal import ID, TestFal, status

MODEL = "fal-ai/bytedance/seedance/v2.5/text-to-video"
ORDER = f"fal-ai/bytedance/requests/{ID}"
FALLS_BACK = {
    "words": {"audio": "generate_audio", "last_image": "end_image_url", "negative_prompt": "negative_prompt"},
    "length": "{}s", "input": {"camera_fixed": True}, "with_image": "fal-ai/bytedance/image-to-video",
}  # fmt: skip


class TestFalVideos(ClipContract):
    """Models whose words nobody knows but who offers them."""

    adapter = "fal_videos"
    callback = b'{"request_id": "x", "status": "OK"}'
    card = ModelCard("any", vendor_model=MODEL, unsupported=("audio",))
    refusal, unknown, failed = TestFal.refusal, TestFal.unknown, TestFal.failed
    bad_key, no_quota, busy, broken = TestFal.bad_key, TestFal.no_quota, TestFal.busy, TestFal.broken  # fmt: skip

    def options_of_check(self, server: Server) -> dict[str, Any]:
        return {"platform_url": server.url}

    def respond(self, asked: Asked) -> Reply:
        host, path = f"http://{asked.headers['host']}", path_of(asked)
        if path == "/clip.mp4":
            return file_reply()
        if asked.method == "POST":
            urls = {"status_url": f"{host}/{ORDER}/status", "response_url": f"{host}/{ORDER}"}
            return Reply(body={"request_id": ID, "status": "IN_QUEUE", **urls})
        if path.endswith("/status"):
            return status("COMPLETED", error=None, error_type=None)
        return Reply(body={"video": {"url": f"{host}/clip.mp4"}, "seed": 42})

    def test_body_says_what_was_ordered_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(seeds=(7,)))
        created = server.asked[0]
        assert created.path == f"/{MODEL}"
        assert created.json == {
            "prompt": "a star", "duration": 5, "resolution": "720p", "aspect_ratio": "16:9", "seed": 7,
        }  # fmt: skip
        assert [one.path for one in server.asked[1:3]] == [f"/{ORDER}/status", f"/{ORDER}"]
        assert finished.made[0].seed == 42

    def test_words_of_a_model_are_its_offer_s_to_say(
        self, server: Server, provider: Provider
    ) -> None:
        card = ModelCard("any", vendor_model=MODEL, options=FALLS_BACK)
        picture = Image.new("RGB", (64, 36))
        work = replace(self.work(negative_prompt="rain"), card=card)
        provider.submit(replace(work, image=picture, last_image=picture))
        [asked] = server.asked
        body = asked.json
        assert asked.path == "/fal-ai/bytedance/image-to-video"
        assert body["image_url"] == body["end_image_url"]
        said = {name: body[name] for name in ("duration", "generate_audio", "negative_prompt", "camera_fixed")}  # fmt: skip
        assert said == {
            "duration": "5s", "generate_audio": False, "negative_prompt": "rain", "camera_fixed": True,
        }  # fmt: skip

    def test_model_takes_what_it_has_words_for(self, server: Server, provider: Provider) -> None:
        adapter = find_class("fal_videos")
        assert adapter.takes_of(self.card) == {"seed", "image"}
        few = ModelCard("any", options={"words": {"seed": "", "audio": "sound"}})
        assert adapter.takes_of(few) == {"image", "audio"}
        lacks: dict[str, Any] = {"last_image": "art_1", "negative_prompt": "rain", "audio": True}
        for name, value in lacks.items():
            error = self.fail(provider, self.work(**{name: value}))
            assert (error.code, name in str(error)) == ("provider_unsupported", True)
        assert "size" in str(self.fail(provider, self.work(width=1280, height=256)))
        assert server.asked == []

    def test_success_without_a_clip_is_paid(self, server: Server, provider: Provider) -> None:
        results: list[dict[str, Any]] = [{}, {"video": {}}, {"video": {"url": "data:,x"}}]
        for result in results:
            error = self.poll_badly(server, provider, status("COMPLETED"), Reply(body=result))
            assert (error.code, error.is_billed) == ("provider_answer_unreadable", True)

    def test_cancel_and_callback_are_those_of_the_queue(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [status("CANCELLATION_REQUESTED"), status("OK")]
        assert provider.cancel(ORDER) is CancelOutcome.UNKNOWN
        assert provider.cancel(ORDER) is CancelOutcome.FREE
        provider.submit(replace(self.work(), callback_url="https://hub.test/cb"))
        assert server.asked[-1].path.endswith("?fal_webhook=https%3A%2F%2Fhub.test%2Fcb")
        assert provider.parse_callback({}, b'{"request_id": "x", "status": "OK"}') == Hint()
        with pytest.raises(ValueError, match=r"."):
            provider.parse_callback({}, b"{}")
