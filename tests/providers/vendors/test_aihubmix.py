"""AIHubMix's predictions, in each of their forms."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import Finished, Provider, Submitted
from generation.providers.errors import Sent, Unsupported
from generation.providers.files import data_uri
from generation.spec import ModelCard
from tests.providers.vendors.contract import ProviderContract, b64, picture
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.server import Asked, Reply, Server


def envelope(code: str, status: int = 400) -> Reply:
    return Reply(status, {"error": {"message": "told so", "type": "", "param": None, "code": code}})


class AIHubMix(ProviderContract):
    """What is the same in all forms."""

    adapter = "aihubmix"
    refusal = envelope("content_policy_violation")
    bad_key = envelope("invalid_api_key", 401)
    no_quota = envelope("insufficient_quota", 429)
    busy = envelope("rate_limit_exceeded", 429)
    broken = envelope("server_error", 500)

    def respond(self, asked: Asked) -> Reply:
        if asked.path.startswith("/files/"):
            return Reply(body=picture(), headers={"content-type": "image/png"})
        if asked.method == "GET":
            return Reply(body={"data": [{"id": "a"}, {"id": "b"}]})
        url = f"http://{asked.headers['host']}/files/1.png"
        return Reply(body={"output": self.output(asked.json["input"].get("n", 1), url)})

    def output(self, number: int, url: str) -> Any:
        """Return what was made."""
        raise NotImplementedError


class TestObject(AIHubMix):
    """Base64 in an object: OpenAI's and Google's models."""

    card = ModelCard("any", vendor_model="openai/gpt-image-2.6-flare", options={"most_pictures": 4})
    makes_two_at_once = True

    def output(self, number: int, url: str) -> Any:
        return {"b64_json": [{"bytesBase64": b64()}] * number}

    def test_body_is_an_input_at_the_maker_s_path(self, server: Server, provider: Provider) -> None:
        options = {
            **self.card.options,
            "qualities": {"fine": "high"},
            "input": {"moderation": "low"},
        }
        work = replace(self.work(2, mode="fine"), card=replace(self.card, options=options))
        assert len(self.finish(provider, work).made) == 2
        assert server.asked[0].path == "/models/opanai/gpt-image-2.6-flare/predictions"
        assert server.asked[0].json == {
            "input": {
                "prompt": "a star", "size": "1024x1024", "n": 2, "quality": "high", "moderation": "low",
            }
        }  # fmt: skip
        assert self.creates(server) == 1

    @pytest.mark.parametrize(
        ("name", "words"),
        [("seed", {"seeds": (7,)}), ("steps", {"steps": 4}), ("negative_prompt", {"negative_prompt": "x"})],
    )  # fmt: skip
    def test_word_that_the_offer_has_none_for_is_refused_by_name(
        self, server: Server, provider: Provider, name: str, words: dict[str, Any]
    ) -> None:
        with pytest.raises(Unsupported, match=name):
            provider.submit(self.work(**words))
        assert server.asked == []

    def test_words_are_the_offer_s(self, server: Server, provider: Provider) -> None:
        card = replace(self.card, options={"words": {"seed": "random_seed"}})
        image = Image.new("RGB", (64, 64))
        self.finish(provider, replace(self.work(seeds=(7,)), card=card, image=image))
        sent = server.asked[0].json["input"]
        assert sent["random_seed"] == 7
        pictures = replace(self.card, options={"words": {"references": "image"}})
        self.finish(provider, replace(self.work(), card=pictures, references=(image, image)))
        assert server.asked[1].json["input"]["image"] == [data_uri(image)] * 2
        assert sent["image"].startswith("data:image/png;base64,")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"error": {"code": "moderation_blocked", "message": "no"}}, "content_refused"),
            ({"status": "failed"}, "generation_failed"),
            ({"output": {"b64_json": []}}, "provider_answer_unreadable"),
            ({"output": {"b64_json": [{"bytesBase64": "!"}]}}, "provider_answer_unreadable"),
            ({"output": [[[[[[{"bytesBase64": "AAAA"}]]]]]]}, "provider_answer_unreadable"),
        ],
    )
    def test_success_without_a_picture(
        self, server: Server, provider: Provider, body: dict[str, Any], code: str
    ) -> None:
        server.faults = [Reply(body=body)]
        error = self.fail(provider)
        assert (error.code, error.retryable, error.sent) == (code, False, Sent.YES)

    def test_picture_that_is_missing_is_named(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"output": self.output(1, "")})]
        finished = self.finish(provider, self.work(2))
        assert [(one.position, one.code) for one in finished.not_made] == [(1, "generation_failed")]

    def test_check_lists_the_models(self, server: Server, provider: Provider) -> None:
        assert provider.check() == {"models": 2}
        assert server.asked[0].headers["authorization"] == "Bearer secret-key-of-the-test"
        assert self.creates(server) == 0


class TestList(AIHubMix):
    """Base64 in a list."""

    card = ModelCard("any", vendor_model="qwen/qwen-image-3.0")

    def output(self, number: int, url: str) -> Any:
        return [{"bytesBase64": b64("webp")}] * number

    def test_size_is_spelt_as_the_maker_does(self, server: Server, provider: Provider) -> None:
        self.finish(provider, self.work(2, width=512))
        assert server.asked[0].json["input"]["size"] == "512*1024"
        assert self.creates(server) == 2


class TestAddresses(AIHubMix):
    """Addresses."""

    card = ModelCard("any", vendor_model="doubao/seedream-5-0", options={"size": "ratio"})

    def output(self, number: int, url: str) -> Any:
        return {"urls": [url] * number}

    def test_key_stays_with_the_vendor(self, server: Server, provider: Provider) -> None:
        with self.finish(provider, self.work()).made[0].content.open():  # type: ignore[union-attr]
            pass
        assert server.asked[0].json["input"]["aspect_ratio"] == "1:1"
        assert "authorization" not in server.asked[1].headers


class TestTasks(AIHubMix, PolledContract):
    """Tasks: Black Forest Labs' models."""

    card = ModelCard("any", vendor_model="bfl/flux-2-pro")
    refusal = Reply(body={"status": "Request Moderated"})
    failed = Reply(body={"status": "failed", "error": "it did not work"})
    unknown = Reply(body={"status": "Reasoning"})

    @pytest.fixture(autouse=True)
    def _asked_of(self) -> None:
        self.asked_of: dict[str, int] = {}

    def respond(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            url = f"http://{asked.headers['host']}/tasks/a,b?id={len(self.asked_of)}"
            return Reply(body={"output": [{"taskId": "t", "polling_url": url}]})
        if not asked.path.startswith("/tasks/"):
            return super().respond(asked)
        self.asked_of[asked.path] = self.asked_of.get(asked.path, 0) + 1
        if self.asked_of[asked.path] == 1:
            return Reply(body={"status": "Pending"})
        sample = f"http://{asked.headers['host']}/files/1.png"
        return Reply(body={"status": "Ready", "result": {"sample": sample, "seed": 7}})

    def test_task_is_asked_for_where_it_was_said(self, server: Server, provider: Provider) -> None:
        finished = self.finish(provider, self.work())
        assert server.asked[1].path == "/tasks/a%2Cb?id=0"
        assert server.asked[1].headers["authorization"] == "Bearer secret-key-of-the-test"
        assert finished.made[0].seed == 7

    def test_foreign_host_never_sees_the_key(self, server: Server, provider: Provider) -> None:
        with Server(self.respond).running() as elsewhere:
            task = {"taskId": "t", "polling_url": f"{elsewhere.url}/tasks/1"}
            server.faults = [Reply(body={"output": [task]})]
            error = self.fail(provider)
            assert elsewhere.asked == []
        assert error.sent is Sent.MAYBE

    def test_task_that_is_gone_may_have_been_made(self, server: Server, provider: Provider) -> None:
        error = self.poll_badly(server, provider, Reply(body={"status": "Task not found"}))
        assert (error.sent, error.is_billed) == (Sent.MAYBE, False)

    def test_tasks_that_are_too_few_are_named(self, server: Server, provider: Provider) -> None:
        card = replace(self.card, options={"most_pictures": 2})
        told = provider.submit(replace(self.work(2), card=card))
        assert isinstance(told, Submitted)
        finished = self.finish_of(provider, told.remote_id)
        assert isinstance(finished, Finished)
        assert [(one.position, one.code) for one in finished.not_made] == [(1, "generation_failed")]
        assert self.creates(server) == 1
