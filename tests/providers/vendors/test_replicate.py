"""Replicate."""

import datetime
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Hint, Lost, Provider, Waiting
from generation.providers.errors import ProviderError, Sent
from generation.providers.files import data_uri
from generation.spec import ModelCard
from tests.providers.vendors.contract import picture
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.server import Asked, Reply, Server, path_of
from tests.providers.vendors.treated import TreatsPictures

NOW = datetime.datetime(2026, 11, 28, 10, tzinfo=datetime.UTC)


def prediction(status: str, code: int = 200, **words: Any) -> Reply:
    usual = {
        "id": "ufawqhfynnddngldkgtslldrkq", "status": status, "output": None, "error": None, "logs": None,
        "metrics": {"predict_time": 1.2}, "created_at": "2026-11-28T10:00:01.224088Z",
        "started_at": None, "deadline": None, "deployment": "a/b", "urls": {"get": "https://x/y"},
        "model": "a/b", "version": "hidden", "input": {}, "nobody_knows": {"this": ["word"]},
    }  # fmt: skip
    return Reply(code, {**usual, **words})


class TestReplicate(TreatsPictures, PolledContract):
    """Anybody's models."""

    adapter = "replicate"
    callback = b'{"id": "ufaw", "status": "succeeded"}'
    card = ModelCard("any", vendor_model="black-forest-labs/flux-dev")
    treating = {
        "upscale": ModelCard(
            "large",
            vendor_model="nightmareai/real-esrgan:f121d640",
            options={"treatment": "upscale", "input": {"scale": 4, "face_enhance": False}},
        ),
        "remove_background": ModelCard(
            "free",
            vendor_model="851-labs/background-remover:a029dff3",
            options={"treatment": "remove_background", "words": {"image": "picture"}},
        ),
    }
    refusal = prediction("failed", error="NSFW content detected. Try running it again.")
    unknown = prediction("pondering")
    failed = prediction("failed", error="CUDA out of memory")
    bad_key = Reply(401, {"title": "Unauthenticated", "detail": "No token", "status": 401})
    no_quota = Reply(402, {"title": "Insufficient credit", "detail": "Buy some"})
    busy = Reply(429, {"detail": "Request was throttled. Your rate limit resets in ~30s."})
    broken = Reply(500, {"title": "Server error", "detail": "Sorry"})

    def respond(self, asked: Asked) -> Reply:
        host = f"http://{asked.headers['host']}"
        if path_of(asked) == "/picture.png":
            return Reply(200, picture(), {"content-type": "image/png"})
        if path_of(asked) == "/files":
            return Reply(201, {"id": "f", "urls": {"get": f"{host}/files/f"}})
        if asked.method == "POST":
            return prediction("starting", 201)
        said: dict[str, Any] = {
            "output": [f"{host}/picture.png"],
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
        assert asked.path == "/models/black-forest-labs/flux-dev/predictions"
        assert asked.headers["authorization"] == "Bearer secret-key-of-the-test"
        assert "prefer" not in asked.headers
        assert asked.json == {"input": {"prompt": "a star", "seed": 7, "aspect_ratio": "1:1"}}
        assert (finished.made[0].seed, finished.usage.cost_usd) == (7, None)

    def test_treated_picture_stands_where_the_offer_says(
        self, server: Server, provider: Provider
    ) -> None:
        for treatment in ("upscale", "remove_background"):
            provider.submit(self.treat(treatment))
        large, free = (asked.json for asked in server.asked)
        assert large["version"] == "f121d640"
        assert large["input"].pop("image").startswith("data:image/png;base64,")
        assert large["input"] == {"scale": 4, "face_enhance": False}
        assert list(free["input"]) == ["picture"]

    @pytest.mark.parametrize(
        ("name", "path", "version"),
        [
            ("owner/name:5c7d5dc6", "/predictions", "5c7d5dc6"),
            ("deployments/owner/name", "/deployments/owner/name/predictions", None),
        ],
    )
    def test_models_live_in_three_places(
        self, server: Server, provider: Provider, name: str, path: str, version: str | None
    ) -> None:
        provider.submit(replace(self.work(), card=ModelCard("any", vendor_model=name)))
        assert (server.asked[0].path, server.asked[0].json.get("version")) == (path, version)

    def test_offer_says_the_words_of_its_model(self, server: Server, provider: Provider) -> None:
        options = {
            "words": {"steps": "num_inference_steps", "cfg_scale": "guidance", "seed": ""},
            "input": {"go_fast": False, "prompt": "none of ours"},
            "size": "pixels",
        }
        card = ModelCard("any", vendor_model="a/b", options=options)
        provider.submit(replace(self.work(steps=20, cfg_scale=3.5), card=card))
        assert server.asked[0].json["input"] == {
            "prompt": "a star", "num_inference_steps": 20, "guidance": 3.5, "go_fast": False,
            "width": 1024, "height": 1024,
        }  # fmt: skip
        with pytest.raises(ProviderError, match="seed"):
            provider.submit(replace(self.work(seeds=(7,)), card=card))
        with pytest.raises(ProviderError, match="negative_prompt"):
            provider.submit(replace(self.work(negative_prompt="rain"), card=card))

    def test_created_and_accepted_both_mean_taken(self, server: Server, provider: Provider) -> None:
        server.faults = [prediction("processing", 202, new_word={"deep": []})]
        assert self.ordered(provider) == "ufawqhfynnddngldkgtslldrkq"

    def test_strange_id_leaves_its_place_in_no_address(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [prediction("starting", id="../account?a=1,2")]
        remote_id = self.ordered(provider)
        assert self.finish_of(provider, remote_id).made
        assert server.asked[1].path == "/predictions/..%2Faccount%3Fa%3D1%2C2"

    def test_output_of_what_still_works_is_not_taken(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider)
        server.faults = [prediction("processing", output=[f"{server.url}/picture.png"])]
        assert isinstance(provider.poll(remote_id), Waiting)

    @pytest.mark.parametrize("word", ["aborted", "canceled"])
    def test_what_somebody_stopped_there_is_over(
        self, server: Server, provider: Provider, word: str
    ) -> None:
        error = self.poll_badly(server, provider, prediction(word))
        assert (error.retryable, error.sent) == (False, Sent.YES)

    @pytest.mark.parametrize("output", [None, "a poem", [], [None], {"text": "x"}, 7, {}])
    def test_output_without_a_file_is_paid(
        self, server: Server, provider: Provider, output: Any
    ) -> None:
        error = self.poll_badly(server, provider, prediction("succeeded", output=output))
        assert (error.code, error.retryable) == ("provider_answer_unreadable", False)

    @pytest.mark.parametrize("form", ["text", "list", "object", "data"])
    def test_output_has_several_forms(self, server: Server, provider: Provider, form: str) -> None:
        url = f"{server.url}/picture.png"
        forms = {"text": url, "list": [url, url], "object": {"image": [url]}, "data": "data:,aGk="}
        remote_id = self.ordered(provider)
        server.faults = [prediction("succeeded", output=forms[form])]
        assert len(self.finish_of(provider, remote_id).made) == 1

    def test_refusals_of_a_model_are_the_account_s_to_say(self, server: Server) -> None:
        provider = self.make(server.url, options={"refusals": ["naughty"]})
        error = self.poll_badly(server, provider, prediction("failed", error="That is Naughty!"))
        assert error.code == "content_refused"

    def test_large_picture_goes_as_a_file_first(self, server: Server, provider: Provider) -> None:
        noise = Image.effect_noise((512, 512), 80).convert("RGB")
        provider.submit(replace(self.work(), image=noise))
        assert path_of(server.asked[0]) == "/files"
        assert server.asked[1].json["input"]["image"] == f"{server.url}/files/f"
        provider.submit(replace(self.work(), image=Image.new("RGB", (64, 64))))
        assert server.asked[2].json["input"]["image"].startswith("data:image/png;base64,")

    def test_reference_pictures_go_as_the_offer_s_list(
        self, server: Server, provider: Provider
    ) -> None:
        first, other = Image.new("RGB", (64, 64)), Image.new("RGB", (64, 64), "red")
        card = replace(self.card, options={"words": dict.fromkeys(("image", "references"), "image_input")})  # fmt: skip
        provider.submit(replace(self.work(), card=card, image=first, references=(other,)))
        assert server.asked[0].json["input"]["image_input"] == [data_uri(first), data_uri(other)]

    @pytest.mark.parametrize("fault", [Reply(502, b"<html>"), Reply(200, b"<html>")], ids=str)
    def test_picture_that_cannot_be_handed_over_orders_nothing(
        self, server: Server, provider: Provider, fault: Reply
    ) -> None:
        server.faults = [fault]
        noise = Image.effect_noise((512, 512), 80).convert("RGB")
        with pytest.raises(ProviderError) as caught:
            provider.submit(replace(self.work(), image=noise))
        error = caught.value
        assert (error.sent, error.retryable, error.is_billed) == (Sent.NO, True, False)
        assert self.creates(server) == 0

    def test_callback_is_asked_for_and_only_a_hint(
        self, server: Server, provider: Provider
    ) -> None:
        provider.submit(replace(self.work(), callback_url="https://hub.test/cb"))
        body = server.asked[0].json
        assert (body["webhook"], body["webhook_events_filter"]) == (
            "https://hub.test/cb", ["completed"],
        )  # fmt: skip
        assert provider.parse_callback({}, b'{"id": "ufaw", "status": "succeeded"}') == Hint("ufaw")

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b"{}", b'{"id": 7}', b'{"id": "../account"}', b'{"id": ""}', b"[" * 100_000,
         b'{"id": "a,b"}', b"\xff"],
    )  # fmt: skip
    def test_callback_of_nobody_is_no_hint(self, provider: Provider, body: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            provider.parse_callback({}, body)

    @pytest.mark.parametrize(
        ("status", "started_at", "outcome"),
        [
            ("aborted", None, CancelOutcome.FREE),
            ("canceled", None, CancelOutcome.FREE),
            ("canceled", "2026-11-28T10:00:00Z", CancelOutcome.BILLED),
            ("succeeded", "2026-11-28T10:00:00Z", CancelOutcome.BILLED),
            ("processing", "2026-11-28T10:00:00Z", CancelOutcome.UNKNOWN),
        ],
    )
    def test_cancel_says_what_it_costs(
        self,
        server: Server,
        provider: Provider,
        status: str,
        started_at: str | None,
        outcome: CancelOutcome,
    ) -> None:
        server.faults = [prediction(status, started_at=started_at)]
        assert provider.cancel("abc") is outcome
        assert server.asked[0].path == "/predictions/abc/cancel"

    def test_cancel_of_several_is_free_only_if_each_is(
        self, server: Server, provider: Provider
    ) -> None:
        for statuses, outcome in {
            ("aborted", "aborted"): CancelOutcome.FREE,
            ("aborted", "succeeded"): CancelOutcome.BILLED,
            ("aborted", "starting"): CancelOutcome.UNKNOWN,
        }.items():
            server.faults = [prediction(status) for status in statuses]
            assert provider.cancel("a,!provider_refused,b") is outcome
        assert server.count("POST", "/cancel") == 6

    def test_lost_order_is_looked_for_by_time_model_and_prompt(
        self, server: Server, provider: Provider
    ) -> None:
        def made(name: str, second: int, **words: Any) -> dict[str, Any]:
            at = f"2026-11-28T10:00:{second:02}Z"
            usual: dict[str, Any] = {
                "model": "black-forest-labs/flux-dev",
                "input": {"prompt": "a moon"},
            }
            body: dict[str, Any] = prediction("succeeded", id=name, created_at=at, **usual).body
            return {**body, **words}

        first = [
            made("other-prompt", 9),
            made("other-model", 8, model="a/b", input={"prompt": "a star"}),
            made("gone", 7, input={}),
            made("no-time", 6, created_at=None),
        ]
        second = [
            made("it", 5, input={"prompt": "a star"}),
            made("older", 5, created_at="2026-11-28T09:00:00Z"),
        ]
        server.faults = [
            Reply(body={"results": first, "next": f"{server.url}/predictions?cursor=2"}),
            Reply(body={"results": second, "next": f"{server.url}/predictions?cursor=3"}),
        ]
        work = self.work()
        until = NOW + datetime.timedelta(seconds=30)
        found = provider.find_lost(Lost(work.spec, work.card, NOW, until))
        assert [(one.remote_id, one.is_same_prompt) for one in found] == [
            ("it", True), ("gone", None), ("other-prompt", False),
        ]  # fmt: skip
        assert server.asked[0].path == "/predictions?created_after=2026-11-28T09:59:00Z"
        assert len(server.asked) == 2

    def test_list_on_a_foreign_host_never_sees_the_key(
        self, server: Server, provider: Provider
    ) -> None:
        with Server(self.respond).running() as foreign:
            server.faults = [Reply(body={"results": [], "next": f"{foreign.url}/predictions"})]
            work = self.work()
            with pytest.raises(ProviderError, match="foreign"):
                provider.find_lost(Lost(work.spec, work.card, NOW, NOW))
            assert foreign.asked == []

    def test_check_asks_whose_key_it_is(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"type": "organization", "username": "acme", "name": "Acme"})]
        assert provider.check() == {"username": "acme", "type": "organization"}
