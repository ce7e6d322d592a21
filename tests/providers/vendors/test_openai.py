"""OpenAI's images API, and those who speak it."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.models import Account
from generation.providers.base import AccountSettings, Provider
from generation.providers.errors import Fault, Sent, Unsupported
from tests.providers.vendors.contract import ProviderContract, b64
from tests.providers.vendors.oracle import check_openai
from tests.providers.vendors.server import Asked, Reply, Server


def envelope(code: str, message: str = "told so", status: int = 400, **words: Any) -> Reply:
    kind = words.get("type", "invalid_request_error")
    return Reply(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})


def pictures_of(form: bytes) -> list[Image.Image]:
    """Return the pictures of a form's list, in their order."""
    parts = form.split(b'name="image[]"; filename="image.png"\r\nContent-Type: image/png\r\n\r\n')
    return [Image.open(io.BytesIO(part)) for part in parts[1:]]


class TestOpenAI(ProviderContract):
    """The images API."""

    adapter = "openai"
    refusal = envelope("moderation_blocked", type="image_generation_user_error")
    bad_key = envelope("invalid_api_key", status=401)
    no_quota = envelope("insufficient_quota", status=429)
    busy = envelope("rate_limit_exceeded", status=429)
    broken = envelope("server_error", status=500)

    def check_request(self, asked: Asked) -> None:
        check_openai(asked)

    def respond(self, asked: Asked) -> Reply:
        number = asked.json["n"] if asked.path.endswith("generations") else 1
        usage = {
            "input_tokens": 12, "output_tokens": 200, "total_tokens": 212,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": 12},
        }  # fmt: skip
        body = {"created": 1, "data": [{"b64_json": b64()}] * number, "usage": usage}
        return Reply(body={**body, "size": "1024x1024", "quality": "medium"})

    def test_body_says_what_openai_takes_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(quality="high"))
        assert server.asked[0].json == {
            "model": "vendor-model", "prompt": "a star", "n": 1, "size": "1024x1024", "quality": "high",
        }  # fmt: skip
        assert server.asked[0].headers["authorization"] == "Bearer secret-key-of-the-test"
        usage = finished.usage
        assert (usage.input_text_tokens, usage.input_image_tokens, usage.output_tokens) == (12, 0, 200)  # fmt: skip

    def test_edit_sends_picture_and_mask_as_files(self, server: Server, provider: Provider) -> None:
        work = replace(
            self.work(), image=Image.new("RGB", (64, 64)), mask=Image.new("L", (64, 64), 255)
        )
        self.finish(provider, work)
        assert server.asked[0].path == "/images/edits"
        assert b'name="mask"; filename="mask.png"' in server.asked[0].body

    @pytest.mark.parametrize("has_image", [True, False])
    def test_reference_pictures_go_as_a_list_after_the_first(
        self, server: Server, provider: Provider, has_image: bool
    ) -> None:
        first = Image.new("RGB", (64, 64)) if has_image else None
        others = (Image.new("RGB", (32, 32), "red"), Image.new("RGB", (16, 16), "blue"))
        self.finish(provider, replace(self.work(), image=first, references=others))
        assert server.asked[0].path == "/images/edits"
        sizes = [one.size for one in pictures_of(server.asked[0].body)]
        assert sizes == [*([(64, 64)] if has_image else []), (32, 32), (16, 16)]
        self.finish(provider, replace(self.work(), references=others[:1]))
        assert b'name="image"; filename' in server.asked[1].body

    def test_only_a_wish_for_a_strength_is_refused(
        self, server: Server, provider: Provider
    ) -> None:
        picture = Image.new("RGB", (64, 64))
        self.finish(provider, replace(self.work(strength=None), image=picture))
        assert b"strength" not in server.asked[-1].body
        wish = replace(self.work(strength=0.4), image=picture)
        with pytest.raises(Unsupported, match="strength"):
            provider.submit(wish)
        # Without a picture it is none.
        self.finish(provider, self.work(strength=0.4))
        assert "strength" not in server.asked[-1].json

    def test_missing_picture_of_two_is_named(self, server: Server, provider: Provider) -> None:
        error = {"code": "moderation_blocked", "message": "no"}
        server.faults = [Reply(body={"data": [{"b64_json": b64()}, {"error": error}]})]
        finished = self.finish(provider, self.work(2))
        assert [(one.position, one.code) for one in finished.not_made] == [(1, "content_refused")]

    def test_nothing_in_the_answer(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"data": []}), Reply(body={"data": None})]
        assert [self.fail(provider).code for _ in range(2)] == ["provider_answer_unreadable"] * 2

    def test_one_broken_picture_of_two_costs_one(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"data": [{"b64_json": "%"}, {"b64_json": b64()}]})]
        finished = self.finish(provider, self.work(2))
        assert [made.position for made in finished.made] == [1]
        missing = [(one.position, one.code) for one in finished.not_made]
        assert missing == [(0, "provider_answer_unreadable")]

    def test_picture_that_is_blocked_once_it_is_made_is_a_refusal(
        self, server: Server, provider: Provider
    ) -> None:
        """That takes as long as a success: an account waits for two minutes and more unless staff say otherwise."""
        said = {"code": "moderation_blocked", "moderation_stage": "output", "message": "no"}
        kind = {"type": "image_generation_user_error", "param": None, "categories": ["violence"]}
        server.faults = [Reply(400, {"error": said | kind})]
        error = self.fail(provider)
        told = (error.code, error.retryable, error.sent, error.fault)
        assert told == ("content_refused", False, Sent.YES, Fault.ORDER)
        assert AccountSettings("a").answer_seconds > 120
        assert Account().answer_seconds > 120

    def test_more_than_a_call_makes_are_more_calls(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(23))
        assert [made.position for made in finished.made] == list(range(23))
        assert sorted(asked.json["n"] for asked in server.asked) == [3, 10, 10]
        usage = finished.usage
        assert (usage.pictures, usage.output_tokens) == (23, 600)

    def test_call_that_is_lost_of_several_is_not_made_again(
        self, server: Server, provider: Provider
    ) -> None:
        card = replace(self.card, options={"most_pictures": 2})
        answers: Iterator[Reply | None] = iter([None, Reply(502, {})])
        server.respond = lambda asked: next(answers) or self.respond(asked)
        finished = self.finish(provider, replace(self.work(4), card=card))
        assert [made.position for made in finished.made] == [0, 1]
        missing = [(one.position, one.code) for one in finished.not_made]
        assert missing == [(2, "answer_lost"), (3, "answer_lost")]
        assert self.creates(server) == 2

    def test_order_s_own_words_are_refused_by_name(
        self, server: Server, provider: Provider
    ) -> None:
        with pytest.raises(Unsupported, match="index"):
            provider.submit(self.work(options={"index": 2}))
        assert server.asked == []

    @pytest.mark.parametrize(
        ("day", "told", "warns"),
        [
            ("2026-12-01", "Sat, 28 Nov 2026 10:00:00 GMT", True),
            ("2026-11-27", "Sat, 28 Nov 2026 10:00:00 GMT", True),
            ("2027-12-01", "Sat, 28 Nov 2026 10:00:00 GMT", False),
            ("2027-12-01", "", True),
            ("2027-12-01", "tomorrow", True),
        ],
    )
    def test_model_that_is_switched_off_soon_is_named(
        self, server: Server, provider: Provider, day: str, told: str, warns: bool
    ) -> None:  # fmt: skip
        models = [
            {"id": "old", "shutdown_date": day},
            {"id": "new", "shutdown_date": None},
            {"id": "x"},
        ]
        server.faults = [Reply(body={"data": models}, headers={"date": told} if told else {})]
        soon = {"old": day} if warns else {}
        assert provider.check() == {"models": 3, "shutdown_soon": soon}
        assert (server.asked[0].method, server.asked[0].path) == ("GET", "/models")
