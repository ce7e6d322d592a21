"""Servers that speak as OpenAI does, with words and manners of their own."""

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from PIL import Image

from generation.providers.base import Provider
from generation.providers.errors import Fault, Sent, Unsupported
from generation.spec import USUAL_STRENGTH
from tests.providers.vendors.contract import ProviderContract, b64, picture
from tests.providers.vendors.server import Asked, Reply, Server
from tests.providers.vendors.test_openai import envelope


class TestRelay(ProviderContract):
    """Pictures by address, and words that OpenAI has not."""

    adapter = "openai"
    cost = "listed"
    options: ClassVar[dict[str, Any]] = {
        "response_format": "url",
        "words": {"seed": "seed", "steps": "num_inference_steps"},
    }
    refusal = envelope("sensitive_words_detected", type="new_api_error")
    bad_key = envelope("", status=401, type="new_api_error")
    no_quota = envelope("insufficient_user_quota", status=403)
    busy = Reply(429, b"slow down", {"content-type": "text/plain"})
    broken = envelope("model_not_found", status=503)

    def respond(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(body=picture(), headers={"content-type": "image/png"})
        url = f"http://{asked.headers['host']}/files/1.png"
        return Reply(body={"created": 1, "data": [{"url": url}] * asked.json["n"]})

    def test_strength_goes_where_the_account_has_a_word(self, server: Server) -> None:
        server.respond = lambda _: Reply(body={"data": [{"b64_json": b64()}]})
        relay = self.make(server.url, options={"words": {"strength": "denoise"}})
        picture = Image.new("RGB", (64, 64))
        for said in (0.4, USUAL_STRENGTH):
            self.finish(relay, replace(self.work(strength=said), image=picture))
            field = f'name="denoise"\r\n\r\n{said}\r\n'.encode()
            assert field in server.asked[-1].body

    def test_address_is_asked_for_and_fetched_without_the_key(
        self, server: Server, provider: Provider
    ) -> None:
        with self.finish(provider, self.work()).made[0].content.open():  # type: ignore[union-attr]
            pass
        assert server.asked[0].json["response_format"] == "url"
        assert "authorization" not in server.asked[1].headers

    @pytest.mark.parametrize("form", ["base64", "prefixed", "uri"])
    def test_whatever_form_comes_is_taken(
        self, server: Server, provider: Provider, form: str
    ) -> None:
        uri = f"data:image/png;base64,{b64()}"
        item = {"base64": {"b64_json": b64()}, "prefixed": {"b64_json": uri}, "uri": {"url": uri}}[
            form
        ]
        server.faults = [Reply(body={"data": [item]})]
        content = self.finish(provider, self.work()).made[0].content
        with content.open() as file:  # type: ignore[union-attr]
            assert file.read() == picture("png")

    def test_words_are_the_server_s_and_each_seed_has_its_own_call(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(2, steps=9, seeds=(7, 2**31 + 8)))
        assert [made.seed for made in finished.made] == [7, 8]
        assert sorted(asked.json["seed"] for asked in server.asked) == [7, 8]
        assert {(asked.json["num_inference_steps"], asked.json["n"]) for asked in server.asked} == {
            (9, 1)
        }
        with pytest.raises(Unsupported, match="cfg_scale"):
            provider.submit(self.work(cfg_scale=2.0))

    @pytest.mark.parametrize(
        ("answer", "code", "sent", "fault"),
        [
            (Reply(451, b"refused"), "content_refused", Sent.YES, Fault.ORDER),
            (Reply(400, {"error": "bad size"}), "provider_refused", Sent.YES, Fault.ORDER),
            (Reply(400, b"bad size"), "provider_refused", Sent.YES, Fault.ORDER),
            (Reply(401, b"who are you"), "provider_unavailable", Sent.NO, Fault.KEY),
            (Reply(429, b"slow down"), "provider_unavailable", Sent.NO, Fault.KEY),
            (Reply(500, {"error": "out of memory"}), "provider_unavailable", Sent.NO, Fault.ACCOUNT),
            (Reply(500, b"out of memory"), "provider_unavailable", Sent.MAYBE, Fault.ACCOUNT),
            (
                Reply(503, {"error": {"code": "image_billing_not_configured", "message": "no price"}}),
                "provider_unavailable", Sent.NO, Fault.ACCOUNT,
            ),
        ],
        ids=str,
    )  # fmt: skip
    def test_failure_in_a_relay_s_words(
        self, server: Server, provider: Provider, answer: Reply, code: str, sent: Sent, fault: Fault
    ) -> None:  # fmt: skip
        server.faults = [answer]
        error = self.fail(provider)
        assert (error.code, error.sent, error.fault) == (code, sent, fault)

    def test_style_is_said_where_the_model_lists_it(
        self, server: Server, provider: Provider
    ) -> None:
        self.finish(provider, self.work(style="vivid"))
        assert server.asked[0].json["style"] == "vivid"
        with pytest.raises(Unsupported, match="sampler"):
            provider.submit(self.work(sampler="Euler"))

    def test_server_without_a_key_is_sent_none(self, server: Server) -> None:
        self.finish(self.make(server.url, key=""), self.work())
        assert "authorization" not in server.asked[0].headers

    def test_model_of_one_picture_a_call_is_called_for_each(
        self, server: Server, provider: Provider
    ) -> None:
        card = replace(self.card, options={"most_pictures": 1})
        assert len(self.finish(provider, replace(self.work(3), card=card)).made) == 3
        assert [asked.json["n"] for asked in server.asked] == [1, 1, 1]
