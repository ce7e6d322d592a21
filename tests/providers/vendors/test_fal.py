"""fal."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import AccountSettings, CancelOutcome, Hint, Provider, Waiting
from generation.providers.errors import ProviderError, Sent, Unsupported
from generation.providers.files import data_uri
from generation.providers.registry import find_class
from generation.spec import ModelCard
from tests.providers.vendors.contract import HTML, PAGE, picture
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.server import Asked, Reply, Server, path_of
from tests.providers.vendors.treated import TreatsPictures

ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
ORDER = f"fal-ai/flux/requests/{ID}"


def status(word: str, **words: Any) -> Reply:
    return Reply(body={"status": word, "request_id": ID, "logs": None, "metrics": {}, **words})


def wrong(kind: str, code: int = 422) -> Reply:
    return Reply(code, {"detail": [{"loc": ["body", "prompt"], "msg": "told so", "type": kind}]})


class TestFal(TreatsPictures, PolledContract):
    """Anybody's models."""

    adapter = "fal"
    callback = b'{"request_id": "x", "status": "OK"}'
    card = ModelCard("any", vendor_model="fal-ai/flux/dev")
    treating = {
        "upscale": ModelCard(
            "large",
            vendor_model="fal-ai/esrgan",
            options={"treatment": "upscale", "input": {"scale": 4}},
        ),
        "remove_background": ModelCard(
            "free",
            vendor_model="fal-ai/birefnet",
            options={"treatment": "remove_background"},
        ),
    }
    refusal = status("COMPLETED", error="refused", error_type="content_policy_violation")
    unknown = status("DREAMING")
    failed = status("COMPLETED", error="Runner died", error_type="runner_disconnected")
    bad_key = Reply(401, {"detail": "Cannot access application"})
    no_quota = Reply(403, {"detail": "User is locked. Reason: Exhausted balance. Top up."})
    busy = Reply(429, {"detail": "Too many requests"})
    broken = Reply(503, {"detail": "Sorry", "error_type": "runner_connection_refused"})

    def options_of_check(self, server: Server) -> dict[str, Any]:
        return {"platform_url": server.url}

    def respond(self, asked: Asked) -> Reply:
        host, path = f"http://{asked.headers['host']}", path_of(asked)
        if asked.method == "POST":
            urls = {"status_url": f"{host}/{ORDER}/status", "response_url": f"{host}/{ORDER}"}
            return Reply(body={"request_id": ID, "status": "IN_QUEUE", "queue_position": 0, **urls})
        if path == "/picture.png":
            return Reply(200, picture(), {"content-type": "image/png"})
        if path.endswith("/status"):
            return status("COMPLETED", error=None, error_type=None)
        images = [{"url": f"{host}/picture.png", "content_type": "image/png", "width": 64}]
        return Reply(body={"images": images, "seed": 42, "has_nsfw_concepts": [False]})

    def test_body_says_what_was_ordered_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(seeds=(7,)))
        asked = server.asked[0]
        assert asked.path == "/fal-ai/flux/dev"
        assert asked.headers["authorization"] == "Key secret-key-of-the-test"
        size = {"width": 1024, "height": 1024}
        assert asked.json == {"prompt": "a star", "seed": 7, "image_size": size}
        assert "x-fal-object-lifecycle-preference" not in asked.headers
        assert finished.made[0].seed == 42
        assert [one.path for one in server.asked[1:3]] == [f"/{ORDER}/status", f"/{ORDER}"]

    def test_treated_picture_stands_where_a_model_of_pictures_takes_one(
        self, server: Server, provider: Provider
    ) -> None:
        """Their answers hold one `image` in place of `images`."""
        server.faults = [
            self.respond(Asked("POST", "/", {"host": server.url.removeprefix("http://")}, b"")),
            status("COMPLETED"),
            Reply(body={"image": {"url": f"{server.url}/picture.png"}, "mask_image": None}),
        ]
        finished = self.finish(provider, self.treat("upscale"))
        assert len(finished.made) == 1
        body = server.asked[0].json
        assert (server.asked[0].path, body.pop("scale")) == ("/fal-ai/esrgan", 4)
        assert body.pop("image_url").startswith("data:image/png;base64,")
        assert body == {}

    def test_account_says_how_long_pictures_are_kept_there(self, server: Server) -> None:
        provider = self.make(server.url, options={"expiration_seconds": 3600})
        provider.submit(self.work())
        told = server.asked[0].headers["x-fal-object-lifecycle-preference"]
        assert told == '{"expiration_duration_seconds":3600}'

    def test_pictures_go_as_data(self, server: Server, provider: Provider) -> None:
        image, mask = Image.new("RGB", (64, 64)), Image.new("L", (64, 64), 255)
        provider.submit(replace(self.work(), image=image, mask=mask))
        body = server.asked[0].json
        assert body["image_url"].startswith("data:image/png;base64,")
        assert body["mask_url"].startswith("data:image/png;base64,")

    def test_reference_pictures_go_where_the_offer_says(
        self, server: Server, provider: Provider
    ) -> None:
        first, other = Image.new("RGB", (64, 64)), Image.new("RGB", (64, 64), "red")
        work = replace(self.work(), image=first, references=(other,))
        with pytest.raises(Unsupported, match="references"):
            provider.submit(work)
        told = [
            ({"references": "style_urls"}, {"image_url": data_uri(first), "style_urls": [data_uri(other)]}),
            # One list for all, as models have it that edit.
            ({"image": "image_urls", "references": "image_urls"}, {"image_urls": [data_uri(first), data_uri(other)]}),
        ]  # fmt: skip
        for words, sent in told:
            provider.submit(replace(work, card=replace(self.card, options={"words": words})))
            body = server.asked[-1].json
            assert {name: body[name] for name in body if "url" in name} == sent
        alone = replace(self.work(), card=replace(self.card, options={"words": words}))
        provider.submit(replace(alone, image=first))
        assert server.asked[-1].json["image_urls"] == [data_uri(first)]
        provider.submit(alone)
        assert "image_urls" not in server.asked[-1].json

    @pytest.mark.parametrize(
        ("model", "order"),
        [
            ("fal-ai/flux/dev", "fal-ai/flux"),
            ("workflows/acme/poster", "workflows/acme/poster"),
            ("comfy/acme/flow/beta", "comfy/acme/flow"),
        ],
    )
    def test_order_without_addresses_is_asked_for_at_its_app(
        self, server: Server, provider: Provider, model: str, order: str
    ) -> None:
        work = replace(
            self.work(),
            card=ModelCard("any", vendor_model=model),
            callback_url="https://hub.test/cb?a=1&b=2",
        )
        server.faults = [Reply(body={"request_id": ID, "gateway_request_id": ID})]
        remote_id = getattr(provider.submit(work), "remote_id", None)
        assert remote_id == f"{order}/requests/{ID}"
        query = "fal_webhook=https%3A%2F%2Fhub.test%2Fcb%3Fa%3D1%26b%3D2"
        assert server.asked[0].path == f"/{model}?{query}"

    def test_foreign_status_host_never_sees_the_key(
        self, server: Server, provider: Provider
    ) -> None:
        with Server(self.respond).running() as foreign:
            url = f"{foreign.url}/{ORDER}/status"
            server.faults = [Reply(body={"request_id": ID, "status_url": url})]
            assert self.finish(provider, self.work()).made
            assert foreign.asked == []

    @pytest.mark.parametrize("request_id", ["../../x", "a b", ""])
    def test_id_that_is_no_id_is_no_address(
        self, server: Server, provider: Provider, request_id: str
    ) -> None:
        server.faults = [Reply(body={"request_id": request_id})]
        assert self.fail(provider).sent is Sent.MAYBE

    @pytest.mark.parametrize("word", ["IN_QUEUE", "IN_PROGRESS"])
    def test_vendor_works(self, server: Server, provider: Provider, word: str) -> None:
        remote_id = self.ordered(provider)
        server.faults = [replace(status(word), status=202)]
        assert isinstance(provider.poll(remote_id), Waiting)

    def test_completed_with_an_error_is_as_the_result_says(
        self, server: Server, provider: Provider
    ) -> None:
        for answer, code in {
            "content_policy_violation": "content_refused",
            "value_error": "provider_refused",
        }.items():
            error = self.poll_badly(
                server, provider, status("COMPLETED", error="Bad"), wrong(answer)
            )
            assert (error.code, error.retryable, error.sent) == (code, False, Sent.YES)

    @pytest.mark.parametrize(
        "answer",
        [
            Reply(504, {"detail": "x"}, {"x-fal-request-timeout-type": "user"}),
            Reply(500, HTML, PAGE),
            Reply(200, {"images": []}),
        ],
        ids=str,
    )
    def test_completed_with_an_error_has_failed_whatever_the_result_is(
        self, server: Server, provider: Provider, answer: Reply
    ) -> None:
        error = self.poll_badly(server, provider, status("COMPLETED", error="Timed out"), answer)
        told = (error.code, error.retryable, error.sent, error.is_billed)
        assert told == ("generation_failed", False, Sent.YES, False)

    @pytest.mark.parametrize("kind", ["content_policy_violation", "value_error"])
    def test_result_may_be_the_first_to_say_what_is_wrong(
        self, server: Server, provider: Provider, kind: str
    ) -> None:
        error = self.poll_badly(server, provider, status("COMPLETED"), wrong(kind))
        assert error.code in {"content_refused", "provider_refused"}
        assert not error.retryable

    @pytest.mark.parametrize("code", [404, 429, 500, 502])
    def test_result_that_cannot_be_had_is_asked_for_again(
        self, server: Server, provider: Provider, code: int
    ) -> None:
        answer = Reply(code, {"detail": "Request not found"})
        error = self.poll_badly(server, provider, status("COMPLETED"), answer)
        assert (error.retryable, error.sent) == (True, Sent.MAYBE)

    def test_blackened_picture_is_not_stored(self, server: Server, provider: Provider) -> None:
        body = {"images": [{"url": f"{server.url}/picture.png"}], "has_nsfw_concepts": [True]}
        error = self.poll_badly(server, provider, status("COMPLETED"), Reply(body=body))
        assert error.code == "content_refused"

    @pytest.mark.parametrize("body", [{}, {"images": []}, {"image": None}, {"images": [{}]}])
    def test_result_without_a_picture_is_paid(
        self, server: Server, provider: Provider, body: dict[str, Any]
    ) -> None:
        error = self.poll_badly(server, provider, status("COMPLETED"), Reply(body=body))
        assert (error.code, error.is_billed) == ("provider_answer_unreadable", True)

    def test_one_picture_may_stand_alone(self, server: Server, provider: Provider) -> None:
        remote_id = self.ordered(provider)
        body = {"image": {"url": f"{server.url}/picture.png"}}
        server.faults = [status("COMPLETED"), Reply(body=body)]
        assert len(self.finish_of(provider, remote_id).made) == 1

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (Reply(200, {"status": "OK"}), CancelOutcome.FREE),
            (Reply(202, {"status": "CANCELLATION_REQUESTED"}), CancelOutcome.UNKNOWN),
            (Reply(400, {"status": "ALREADY_COMPLETED"}), CancelOutcome.BILLED),
            (Reply(409, {"status": "ALREADY_COMPLETED"}), CancelOutcome.BILLED),
            (Reply(200, {"status": "ALREADY_COMPLETED"}), CancelOutcome.BILLED),
        ],
        ids=str,
    )
    def test_cancel_says_what_it_costs(
        self, server: Server, provider: Provider, answer: Reply, outcome: CancelOutcome
    ) -> None:
        server.faults = [answer]
        assert provider.cancel(ORDER) is outcome
        assert (server.asked[0].method, server.asked[0].path) == ("PUT", f"/{ORDER}/cancel")

    def test_cancel_of_what_is_not_there_is_unknown_to_the_hub(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [Reply(404, {"status": "NOT_FOUND"}), Reply(503, {"detail": "Sorry"})]
        for is_asked_again in (False, True):
            with pytest.raises(ProviderError) as caught:
                provider.cancel(ORDER)
            assert caught.value.retryable is is_asked_again

    def test_callback_is_only_a_hint_to_ask(self, provider: Provider) -> None:
        body = b'{"request_id": "764cabcf", "status": "OK", "payload": {"images": []}}'
        assert provider.parse_callback({}, body) == Hint()
        for forged in (b"{}", b"[]", b"", b'{"request_id": "../x"}', b"[" * 100_000):
            with pytest.raises(ValueError, match=r"."):
                provider.parse_callback({}, forged)

    def test_check_asks_for_a_price(self, server: Server) -> None:
        provider = self.make(server.url, options={"platform_url": f"{server.url}/v1"})
        price = {"endpoint_id": "fal-ai/flux/dev", "unit_price": 0.025, "unit": "image"}
        server.faults = [Reply(body={"prices": [price]})]
        assert provider.check() == {"fal-ai/flux/dev": [{"unit_price": 0.025, "unit": "image"}]}
        assert server.asked[0].path == "/v1/models/pricing?endpoint_id=fal-ai%2Fflux%2Fdev"

    def test_check_sends_no_key_of_another_to_the_vendor(self) -> None:
        relay = find_class("fal")(
            AccountSettings("acc", base_url="https://fal.relay.test", key="k")
        )
        with pytest.raises(ProviderError, match="platform_url"):
            relay.check()
