"""OpenAI's images API, and those who speak it."""

from dataclasses import replace
from typing import Any

from PIL import Image

from generation.providers.base import Provider
from tests.providers.vendors.contract import ProviderContract, b64
from tests.providers.vendors.server import Asked, Reply, Server


def envelope(code: str, message: str = "told so", status: int = 400, **words: Any) -> Reply:
    kind = words.get("type", "invalid_request_error")
    return Reply(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})


class TestOpenAI(ProviderContract):
    """The images API."""

    adapter = "openai"
    refusal = envelope("moderation_blocked", type="image_generation_user_error")
    bad_key = envelope("invalid_api_key", status=401)
    no_quota = envelope("insufficient_quota", status=429)
    busy = envelope("rate_limit_exceeded", status=429)
    broken = envelope("server_error", status=500)

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

    def test_missing_picture_of_two_is_named(self, server: Server, provider: Provider) -> None:
        error = {"code": "moderation_blocked", "message": "no"}
        server.faults = [Reply(body={"data": [{"b64_json": b64()}, {"error": error}]})]
        finished = self.finish(provider, self.work(2))
        assert [(one.position, one.code) for one in finished.not_made] == [(1, "content_refused")]

    def test_nothing_in_the_answer(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"data": []}), Reply(body={"data": None})]
        assert [self.fail(provider).code for _ in range(2)] == ["provider_answer_unreadable"] * 2
