"""Clips in OpenAI's dialect."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Provider, Waiting
from generation.spec import ModelCard
from tests.providers.vendors.clips import ClipContract, clip, file_reply, read
from tests.providers.vendors.server import Asked, Reply, Server, path_of


def video(status: str, code: int = 200, **words: Any) -> Reply:
    usual = {
        "id": "video_1", "object": "video", "status": status, "progress": 0, "seconds": "5", "size": "1280x720",
        "model": "film-1", "error": None, "created_at": 1,
    }  # fmt: skip
    return Reply(code, {**usual, **words})


class TestOpenAIVideos(ClipContract):
    """The dialect as OpenAI spoke it."""

    adapter = "openai_videos"
    card = ModelCard("any", vendor_model="film-1", unsupported=("audio", "seed"))
    refusal = video("failed", error={"code": "moderation_blocked", "message": "no"})
    unknown = video("pondering")
    failed = video("failed", error={"code": "internal", "message": "sorry"})
    bad_key = Reply(401, {"error": {"message": "no key", "code": "invalid_api_key"}})
    no_quota = Reply(429, {"error": {"message": "pay", "code": "insufficient_quota"}})
    busy = Reply(429, {"error": {"message": "slow", "code": "rate_limit_exceeded"}})
    broken = Reply(500, {"error": {"message": "sorry"}})
    # Without words of the account's it has none for these.
    lacks = ("last_image", "seed", "negative_prompt", "audio")

    def respond(self, asked: Asked) -> Reply:
        if path_of(asked).endswith("/content"):
            return file_reply()
        return video("queued") if asked.method == "POST" else video("completed", progress=100)

    def test_body_says_what_was_ordered_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        self.finish(provider, self.work())
        created, polled = server.asked[:2]
        assert (created.path, polled.path) == ("/videos", "/videos/video_1")
        assert created.json == {
            "model": "film-1", "prompt": "a star", "seconds": "5", "size": "1280x720",
        }  # fmt: skip

    @pytest.mark.parametrize("name", lacks)
    def test_word_that_the_account_does_not_know_is_named(
        self, server: Server, provider: Provider, name: str
    ) -> None:
        said: dict[str, Any] = {"seed": {"seeds": (7,)}, "last_image": {"last_image": "art_1"}}
        words = said.get(name, {name: "rain" if name == "negative_prompt" else True})
        error = self.fail(provider, self.work(**words))
        assert name in str(error)
        assert server.asked == []

    def test_words_of_a_server_are_the_account_s_to_say(self, server: Server) -> None:
        words = {
            "seed": "seed",
            "audio": "generate_audio",
            "fps": "fps",
            "last_image": "image_tail",
        }
        provider = self.make(server.url, options={"words": words, "reference": "text"})
        card = ModelCard("any", vendor_model="film-1")
        picture = Image.new("RGB", (16, 16))
        work = replace(self.work(seeds=(7,)), card=card, image=picture, last_image=picture)
        provider.submit(work)
        body = server.asked[0].json
        assert (body["seed"], body["generate_audio"], body["fps"]) == (7, False, 24)
        assert body["input_reference"].startswith("data:image/png;base64,")
        assert body["image_tail"] == body["input_reference"]

    def test_form_is_sent_where_the_account_says_so(self, server: Server) -> None:
        provider = self.make(server.url, options={"body": "multipart"})
        constants = {"input": {"camera": {"fixed": True}, "watermark": False, "tag": None}}
        work = replace(self.work(), image=Image.new("RGB", (16, 16)))
        provider.submit(replace(work, card=replace(self.card, options=constants)))
        [asked] = server.asked
        assert asked.headers["content-type"].startswith("multipart/form-data")
        assert b'name="input_reference"; filename="picture.png"' in asked.body
        assert b'name="seconds"\r\n\r\n5' in asked.body
        for text in (b'name="camera"\r\n\r\n{"fixed": true}', b'name="watermark"\r\n\r\nfalse', b'name="tag"\r\n\r\nnull'):  # fmt: skip
            assert text in asked.body

    @pytest.mark.parametrize(
        "told",
        [
            {"video_url": "{}"},
            {"url": "{}"},
            {"output_url": "{}"},
            {"data": [{"url": "{}"}]},
            {"data": {"url": "{}"}},
        ],
        ids=str,
    )
    def test_address_goes_by_several_names(
        self, server: Server, provider: Provider, told: Any
    ) -> None:
        remote_id = self.ordered(provider)
        address = f"{server.url}/files/content"
        said = video("completed").body | eval(repr(told).replace("{}", address))  # noqa: S307 (our own text)
        server.faults = [Reply(body=said)]
        assert read(self.finish_of(provider, remote_id).made[0].content) == clip()
        assert server.asked[-1].path == "/files/content"
        assert "authorization" not in server.asked[-1].headers

    @pytest.mark.parametrize("told", [{"task_id": "video_1"}, {"data": {"id": "video_1"}}], ids=str)
    def test_id_goes_by_several_names(self, server: Server, provider: Provider, told: Any) -> None:
        server.faults = [Reply(body={"status": "submitted", **told})]
        assert self.ordered(provider) == "video_1"

    def test_progress_is_percent(self, server: Server, provider: Provider) -> None:
        remote_id = self.ordered(provider)
        server.faults = [video("in_progress", progress=40)]
        waits = provider.poll(remote_id)
        assert isinstance(waits, Waiting)
        assert waits.progress == 0.4

    @pytest.mark.parametrize(
        ("status", "outcome", "deletes"),
        [
            ("queued", CancelOutcome.UNKNOWN, 1),
            ("in_progress", CancelOutcome.UNKNOWN, 1),
            ("completed", CancelOutcome.BILLED, 0),
            ("COMPLETED", CancelOutcome.BILLED, 0),
            ("failed", CancelOutcome.FREE, 0),
        ],
    )
    def test_cancel_says_what_it_costs(
        self, server: Server, provider: Provider, status: str, outcome: CancelOutcome, deletes: int
    ) -> None:
        server.faults = [video(status)]
        assert provider.cancel("video_1") is outcome
        assert server.count("DELETE", "/videos/video_1") == deletes
