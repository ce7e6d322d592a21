"""Seedream pictures of Volcengine Ark."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import Provider
from generation.providers.errors import Fault, Sent, Unsupported
from generation.providers.files import data_uri
from generation.spec import ModelCard
from tests.providers.vendors.contract import ProviderContract, b64
from tests.providers.vendors.oracle import check_ark
from tests.providers.vendors.server import Asked, Reply, Server


def envelope(code: str, status: int = 400) -> Reply:
    return Reply(status, {"error": {"code": code, "message": "told so", "type": "", "param": ""}})


class TestArk(ProviderContract):
    """One call a picture, or a sequence."""

    adapter = "ark"
    refusal = envelope("InputTextSensitiveContentDetected")
    bad_key = envelope("AuthenticationError", 401)
    no_quota = envelope("AccountOverdueError", 403)
    busy = envelope("RateLimitExceeded.EndpointRPMExceeded", 429)
    broken = envelope("InternalServiceError", 500)

    def check_request(self, asked: Asked) -> None:
        check_ark(asked)

    def respond(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(body={"total": 3, "items": []})
        number = asked.json.get("sequential_image_generation_options", {}).get("max_images", 1)
        usage = {"generated_images": number, "output_tokens": 100, "total_tokens": 100}
        data = [{"b64_json": b64("jpeg"), "size": "1024x1024"}] * number
        return Reply(body={"model": "m", "created": 1, "data": data, "usage": usage})

    def sequence(self) -> ModelCard:
        return ModelCard(
            "any", vendor_model="doubao-seedream-4-5-251128", options={"sequential": True}
        )

    def test_body_says_what_ark_takes(self, server: Server, provider: Provider) -> None:
        finished = self.finish(provider, self.work(2))
        assert server.asked[0].path == "/images/generations"
        assert server.asked[0].json == {
            "model": "vendor-model", "prompt": "a star", "size": "1024x1024", "response_format": "b64_json",
            "watermark": False,
        }  # fmt: skip
        assert server.asked[0].headers["x-client-request-id"] == "att_1-0"
        assert (finished.usage.pictures, finished.usage.output_tokens) == (2, 200)
        assert self.creates(server) == 2

    def test_seed_and_guidance_go_to_models_of_3_alone(
        self, server: Server, provider: Provider
    ) -> None:
        old = ModelCard("any", vendor_model="doubao-seedream-3-0-t2i-250415")
        work = replace(self.work(2, seeds=(7, 2**31 + 8), cfg_scale=2.5), card=old)
        assert [made.seed for made in self.finish(provider, work).made] == [7, 8]
        assert sorted(asked.json["seed"] for asked in server.asked) == [7, 8]
        assert {asked.json["guidance_scale"] for asked in server.asked} == {2.5}
        new = ModelCard("any", vendor_model="seedream-4-0-250828")
        for word, said in (("seed", {"seeds": (7,)}), ("cfg_scale", {"cfg_scale": 2.5})):
            with pytest.raises(Unsupported, match=word):
                provider.submit(replace(self.work(1, **said), card=new))

    def test_edit_sends_the_picture_in_the_body(self, server: Server, provider: Provider) -> None:
        self.finish(provider, replace(self.work(), image=Image.new("RGB", (64, 64))))
        assert server.asked[0].json["image"].startswith("data:image/png;base64,")

    def test_reference_pictures_go_as_a_list_after_the_first(
        self, server: Server, provider: Provider
    ) -> None:
        first, other = Image.new("RGB", (64, 64)), Image.new("RGB", (64, 64), "red")
        self.finish(provider, replace(self.work(), image=first, references=(other,)))
        assert server.asked[0].json["image"] == [data_uri(first), data_uri(other)]
        self.finish(provider, replace(self.work(), references=(other,)))
        assert server.asked[1].json["image"] == data_uri(other)

    def test_sequence_is_one_create(self, server: Server, provider: Provider) -> None:
        finished = self.finish(provider, replace(self.work(3), card=self.sequence()))
        assert len(finished.made) == 3
        assert server.asked[0].json["sequential_image_generation"] == "auto"
        assert self.creates(server) == 1

    @pytest.mark.parametrize(
        "model", ["seedream-5-5-261028", "seedream-5-0-flash-260915", "doubao-seedream-5-0-pro-1"]
    )
    def test_model_without_sequences_is_asked_for_none(
        self, server: Server, provider: Provider, model: str
    ) -> None:
        card = replace(self.sequence(), vendor_model=model)
        with pytest.raises(Unsupported, match="sequential"):
            provider.submit(replace(self.work(2), card=card))
        assert server.asked == []
        self.finish(provider, replace(self.work(2), card=replace(card, options={})))
        assert all("sequential_image_generation" not in asked.json for asked in server.asked)

    def test_pictures_missing_of_a_sequence_are_named(
        self, server: Server, provider: Provider
    ) -> None:
        error = {"code": "OutputImageSensitiveContentDetected", "message": "no"}
        server.faults = [Reply(body={"data": [{"error": error}, {"url": f"{server.url}/x.png"}]})]
        finished = self.finish(provider, replace(self.work(3), card=self.sequence()))
        assert [made.position for made in finished.made] == [1]
        missing = [(one.position, one.code) for one in finished.not_made]
        assert missing == [(0, "content_refused"), (2, "generation_failed")]

    def test_time_goes_by_either_name(self, server: Server, provider: Provider) -> None:
        """The wire says `created`, the vendor's own types `created_at`."""
        data = [{"b64_json": b64("jpeg"), "size": "1024x1024"}]
        server.faults = [Reply(body={"model": "m", "created_at": 1, "data": data})]
        assert [made.position for made in self.finish(provider, self.work()).made] == [0]

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (
                {"data": [{"error": {"code": "OutputImageSensitiveContentDetected"}}]},
                "content_refused",
            ),
            ({"error": {"code": "InternalError"}}, "provider_refused"),
            ({"data": []}, "provider_answer_unreadable"),
            ({"created_at": 1}, "provider_answer_unreadable"),
            ({"data": [{"b64_json": "%%%"}]}, "provider_answer_unreadable"),
        ],
    )
    def test_success_without_a_picture(
        self, server: Server, provider: Provider, body: dict[str, Any], code: str
    ) -> None:
        server.faults = [Reply(body=body)]
        error = self.fail(provider)
        assert (error.code, error.retryable, error.sent) == (code, False, Sent.YES)

    def test_overloaded_vendor_is_no_fault_of_the_key(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [envelope("ServerOverloaded", 429)]
        error = self.fail(provider)
        assert (error.retryable, error.sent, error.fault) == (True, Sent.NO, Fault.ACCOUNT)

    def test_check_needs_the_key(self, server: Server, provider: Provider) -> None:
        assert provider.check() == {"tasks": 3}
        assert server.asked[0].headers["authorization"] == "Bearer secret-key-of-the-test"
        assert server.count("POST") == 0
