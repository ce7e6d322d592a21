"""Pictures that are shown before they are done, in a stream."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from PIL import Image

from generation.providers.base import Provider, Work
from generation.providers.errors import ProviderError, Sent, Stopped
from generation.providers.streams import read_events
from tests.providers.vendors.contract import ProviderContract, b64
from tests.providers.vendors.oracle import check_openai
from tests.providers.vendors.server import Asked, Cut, Reply, Server, Silence
from tests.providers.vendors.test_openai import envelope

STREAM = {"content-type": "text/event-stream; charset=utf-8"}


def partial_of(index: int) -> dict[str, Any]:
    return {
        "type": "image_generation.partial_image", "b64_json": b64("webp"), "partial_image_index": index,
        "size": "1024x1024", "created_at": 1,
    }  # fmt: skip


DONE: dict[str, Any] = {
    "type": "image_generation.completed", "b64_json": b64(), "size": "1024x1024", "quality": "low",
    "usage": {"input_tokens": 12, "output_tokens": 300, "total_tokens": 312},
}  # fmt: skip


def stream(*events: Any, kind: type[Reply] = Reply) -> Reply:
    said = "".join(
        f"event: {event['type']}\r\ndata: {json.dumps(event)}\r\n\r\n" for event in events
    )
    return kind(body=f": hello\r\n\r\n{said}data: [DONE]\r\n\r\n".encode(), headers=STREAM)


class TestShown(ProviderContract):
    """An account that shows pictures."""

    adapter = "openai"
    options: ClassVar[dict[str, Any]] = {"partial_images": 2}
    refusal = stream({"type": "error", "error": {"code": "moderation_blocked", "message": "no"}})
    bad_key = envelope("invalid_api_key", status=401)
    no_quota = envelope("insufficient_quota", status=429)
    busy = envelope("rate_limit_exceeded", status=429)
    broken = envelope("server_error", status=500)

    def check_request(self, asked: Asked) -> None:
        check_openai(asked)

    def respond(self, asked: Asked) -> Reply:
        words = json.loads(asked.body) if asked.path.endswith("generations") else {"stream": True}
        if not words.get("stream"):
            return Reply(body={"data": [{"b64_json": b64()}] * words["n"]})
        return stream(partial_of(0), partial_of(1), DONE)

    def watched(self, **words: Any) -> tuple[Work, list[tuple[float, Callable[[], bytes] | None]]]:
        """Return an order, and what is reported of it."""
        seen: list[tuple[float, Callable[[], bytes] | None]] = []
        report = lambda done, preview=None: seen.append((done, preview))  # noqa: E731
        return replace(self.work(**words), report=report), seen

    def test_picture_is_shown_while_it_is_made(self, server: Server, provider: Provider) -> None:
        work, seen = self.watched()
        finished = self.finish(provider, work)
        assert [done for done, _ in seen] == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
        for _, preview in seen:
            assert preview
            assert Image.open(io.BytesIO(preview())).format == "JPEG"
        assert (server.asked[0].json["stream"], server.asked[0].json["partial_images"]) == (True, 2)
        assert (finished.usage.output_tokens, finished.facts["size"]) == (300, "1024x1024")
        assert self.creates(server) == 1

    def test_edit_is_shown_too(self, server: Server, provider: Provider) -> None:
        work, seen = self.watched()
        edited = [
            {**event, "type": event["type"].replace("generation", "edit")}
            for event in (partial_of(0), DONE)
        ]
        server.faults = [stream(*edited)]
        finished = self.finish(provider, replace(work, image=Image.new("RGB", (64, 64))))
        assert (len(seen), len(finished.made)) == (1, 1)
        assert b'name="partial_images"' in server.asked[0].body

    def test_fewer_are_shown_than_were_asked_for(self, server: Server, provider: Provider) -> None:
        work, seen = self.watched()
        server.faults = [stream(DONE)]
        assert (len(self.finish(provider, work).made), seen) == (1, [])

    def test_server_without_streams_answers_as_ever(
        self, server: Server, provider: Provider
    ) -> None:
        work, seen = self.watched()
        server.faults = [Reply(body={"data": [{"b64_json": b64()}]})]
        assert (len(self.finish(provider, work).made), seen) == (1, [])

    @pytest.mark.parametrize(
        "fault",
        [
            stream(partial_of(0)),
            stream(partial_of(0), DONE, kind=Cut),
            Reply(body=b"data: <html>\n\n", headers=STREAM),
            Reply(body=b"data: " + b"[" * 100_000 + b"\n\n", headers=STREAM),
            Reply(body=b"", headers=STREAM),
            Silence(),
        ],
        ids=["no end", "cut", "html", "deep", "empty", "silence"],
    )
    def test_stream_without_its_end_leaves_open_what_was_made(
        self, server: Server, provider: Provider, fault: Reply
    ) -> None:
        server.faults = [fault]
        error = self.fail(provider)
        assert (error.sent, error.is_billed) == (Sent.MAYBE, False)
        assert self.creates(server) == 1

    def test_refusal_at_the_end_is_one(self, server: Server, provider: Provider) -> None:
        error = {
            "code": "moderation_blocked",
            "message": "no",
            "type": "image_generation_user_error",
        }
        server.faults = [stream(partial_of(0), {"type": "image_generation.failed", "error": error})]
        assert self.fail(provider).code == "content_refused"

    def test_order_that_nobody_wants_any_more_is_left(
        self, server: Server, provider: Provider
    ) -> None:
        def stop(done: float, preview: object = None) -> None:
            raise Stopped

        with pytest.raises(Stopped):
            provider.submit(replace(self.work(), report=stop))
        assert self.finish(provider, self.work()).made

    def test_endless_stream_is_not_read(
        self, server: Server, provider: Provider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("generation.providers.http.MOST_ANSWER_BYTES", 2**20)
        server.faults = [Reply(body=b": still here\n" * 2**18, headers=STREAM)]
        with pytest.raises(ProviderError):
            provider.submit(self.work())
        assert self.creates(server) == 1


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_events_are_the_same_however_their_bytes_come(size: int) -> None:
    body = b"event: a\r\ndata: one\r\ndata:two\r\n\r\n: nothing\n\ndata: three\n\ndata: four"
    parts = [body[begin : begin + size] for begin in range(0, len(body), size)]
    assert list(read_events(parts)) == [b"one\ntwo", b"three", b"four"]
