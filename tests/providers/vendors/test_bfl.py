"""Black Forest Labs."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import AccountSettings, Provider, Waiting, Work
from generation.providers.errors import ProviderError, Sent
from generation.providers.files import data_uri
from generation.providers.registry import find_class
from generation.spec import ModelCard
from tests.providers.vendors.contract import picture
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.server import Asked, Reply, Server, path_of


def polled(status: str, **words: Any) -> Reply:
    return Reply(body={"id": "bfl-1", "status": status, "result": None, "new": {}, **words})


# Properties of the bodies by BFL's OpenAPI of 2026-08-22, but for further pictures and webhooks.
ALL_TAKE = {"prompt", "seed", "safety_tolerance", "output_format"}
SIZED = {*ALL_TAKE, "width", "height"}
TAKEN = {
    "flux-2-pro": {*SIZED, "input_image", "disable_pup"},
    "flux-2-max": {*SIZED, "input_image", "disable_pup"},
    "flux-2-klein-9b": {*SIZED, "input_image"},
    "flux-2-flex": {*SIZED, "input_image", "guidance", "steps", "prompt_upsampling"},
    "flux-dev": {*SIZED, "image_prompt", "guidance", "steps", "prompt_upsampling"},
    "flux-pro-1.1": {*SIZED, "image_prompt", "prompt_upsampling"},
    "flux-pro-1.1-ultra": {*ALL_TAKE, "image_prompt", "aspect_ratio", "prompt_upsampling", "raw"},
    "flux-kontext-pro": {*ALL_TAKE, "input_image", "aspect_ratio", "prompt_upsampling"},
    "flux-pro-1.0-fill": {*ALL_TAKE, "image", "mask", "guidance", "steps", "prompt_upsampling"},
}


class TestBFL(PolledContract):
    """The FLUX family."""

    adapter = "bfl"
    card = ModelCard("flux-pro", vendor_model="flux-2-pro")
    refusal = polled("Content Moderated", details={"Moderation Reasons": ["Derivative Works"]})
    unknown = polled("Dreaming")
    failed = polled("Error")
    bad_key = Reply(403, {"detail": "Not authenticated"})
    no_quota = Reply(402, {"detail": "Insufficient credits"})
    busy = Reply(429, {"detail": "Too many active tasks"})
    broken = Reply(500, {"detail": "Internal error"})

    def respond(self, asked: Asked) -> Reply:
        host = f"http://{asked.headers['host']}"
        if asked.method == "POST":
            url = f"{host}/v1/get_result?id=bfl-1,a"
            return Reply(body={"id": "bfl-1,a", "polling_url": url, "cost": 3.5, "output_mp": 1})
        if path_of(asked).endswith("/picture.png"):
            return Reply(200, picture(), {"content-type": "image/png"})
        result = {"sample": f"{host}/picture.png", "seed": 42, "duration": 2.1}
        return polled("Ready", result=result)

    def test_body_says_what_flux_takes_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(seeds=(7,)))
        asked = server.asked[0]
        assert (asked.path, asked.headers["x-key"]) == ("/flux-2-pro", "secret-key-of-the-test")
        assert asked.json == {"prompt": "a star", "seed": 7, "width": 1024, "height": 1024}
        assert finished.made[0].seed == 42
        assert finished.usage.cost_usd == Decimal("0.035")

    def test_price_is_the_settled_one_where_it_is_said(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider)
        result = {"sample": f"{server.url}/picture.png"}
        server.faults = [polled("Ready", result=result, cost=2)]
        assert self.finish_of(provider, remote_id).usage.cost_usd == Decimal("0.02")

    def test_two_pictures_cost_twice(self, provider: Provider) -> None:
        assert self.finish(provider, self.work(2)).usage.cost_usd == Decimal("0.07")

    def test_foreign_polling_host_never_sees_the_key(
        self, server: Server, provider: Provider
    ) -> None:
        with Server(self.respond).running() as foreign:
            told = {"id": "bfl-1", "polling_url": f"{foreign.url}/v1/get_result?id=bfl-1"}
            server.faults = [Reply(body=told)]
            assert self.finish(provider, self.work()).made
            assert foreign.asked == []
        assert server.asked[1].path == "/get_result?id=bfl-1"

    def test_regional_polling_host_of_the_same_domain_is_asked(self) -> None:
        account = AccountSettings("acc", base_url="https://api.bfl.ai/v1", key="k")
        provider: Any = find_class("bfl")(account)
        for url, kept in {
            "https://api.eu2.bfl.ai/v1/get_result?id=1": "https://api.eu2.bfl.ai/v1/get_result?id=1",
            "https://api.bfl.ai/v1/get_result?id=1": "get_result?id=1",
            "http://api.eu2.bfl.ai/v1/get_result?id=1": "",
            "https://bfl.ai.example.com/v1/get_result": "",
            "https://key@api.bfl.ai/v1/get_result": "",
        }.items():
            assert provider.api.id_of(url) == kept

    def test_create_without_a_polling_url_is_asked_for_by_its_id(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [Reply(body={"id": "bfl-9,&", "status": "Pending", "webhook_url": "x"})]
        assert self.finish(provider, self.work()).usage.cost_usd is None
        assert server.asked[1].path == "/get_result?id=bfl-9%2C%26"

    @pytest.mark.parametrize("word", ["Pending", "Reasoning", "Generating"])
    def test_vendor_works(self, server: Server, provider: Provider, word: str) -> None:
        remote_id = self.ordered(provider)
        server.faults = [polled(word, progress=0.4)]
        told = provider.poll(remote_id)
        assert isinstance(told, Waiting)
        assert told.progress == pytest.approx(0.4)

    def test_moderated_request_ends_at_once(self, server: Server, provider: Provider) -> None:
        error = self.poll_badly(server, provider, polled("Request Moderated"))
        assert (error.code, error.retryable) == ("content_refused", False)

    def test_task_that_is_gone_leaves_open_what_the_vendor_made(
        self, server: Server, provider: Provider
    ) -> None:
        error = self.poll_badly(server, provider, polled("Task not found"))
        assert (error.retryable, error.sent) == (True, Sent.MAYBE)

    def test_ready_without_a_picture_is_paid(self, server: Server, provider: Provider) -> None:
        error = self.poll_badly(server, provider, polled("Ready", result={"sample": None}))
        assert (error.code, error.is_billed) == ("provider_answer_unreadable", True)

    @pytest.mark.parametrize(
        ("model", "words"),
        [
            ("flux-2-flex", {"width": 1024, "height": 1024, "steps": 20, "guidance": 4.0}),
            ("flux-pro-1.1-ultra", {"aspect_ratio": "1:1"}),
            ("flux-kontext-max", {"aspect_ratio": "1:1"}),
        ],
    )
    def test_families_have_words_of_their_own(
        self, server: Server, provider: Provider, model: str, words: dict[str, Any]
    ) -> None:
        tuned: dict[str, Any] = {"steps": 20, "cfg_scale": 4.0} if "steps" in words else {}
        work = replace(self.work(**tuned), card=ModelCard("any", vendor_model=model))
        provider.submit(work)
        assert server.asked[0].json == {"prompt": "a star", **words}

    @pytest.mark.parametrize("model", TAKEN)
    def test_no_model_is_told_a_word_that_it_has_not(
        self, server: Server, provider: Provider, model: str
    ) -> None:
        work = replace(
            self.work(seeds=(7,)),
            card=ModelCard("any", vendor_model=model),
            image=Image.new("RGB", (64, 64)),
        )
        for words in ({}, {"steps": 20}, {"cfg_scale": 4.0}):
            tuned = replace(work, spec=replace(work.spec, **words))
            takes_it = {"steps", "guidance"} <= TAKEN[model]
            if words and not takes_it:
                with pytest.raises(ProviderError, match=next(iter(words))):
                    provider.submit(tuned)
            else:
                provider.submit(tuned)
        assert all(set(asked.json) <= TAKEN[model] for asked in server.asked)
        assert server.asked

    def test_size_that_is_no_ratio_of_the_model_is_refused(self, provider: Provider) -> None:
        work = self.work(width=1024, height=912)
        work = replace(work, card=ModelCard("any", vendor_model="flux-kontext-pro"))
        error = self.fail(provider, work)
        assert (error.code, "size" in str(error)) == ("provider_unsupported", True)

    def test_picture_and_mask_go_where_the_model_takes_them(
        self, server: Server, provider: Provider
    ) -> None:
        image, mask = Image.new("RGB", (64, 64)), Image.new("L", (64, 64), 255)
        work = replace(self.work(), image=image)
        provider.submit(work)
        assert set(server.asked[0].json) == {"prompt", "width", "height", "input_image"}
        masked: Work = replace(work, mask=mask)
        with pytest.raises(ProviderError, match="mask"):
            provider.submit(masked)
        provider.submit(replace(masked, card=ModelCard("any", vendor_model="flux-pro-1.0-fill")))
        assert set(server.asked[1].json) == {"prompt", "image", "mask"}

    @pytest.mark.parametrize("model", ["flux-2-pro", "flux-2-flex", "flux-2-klein-9b"])
    def test_reference_pictures_are_numbered_after_the_first(
        self, server: Server, provider: Provider, model: str
    ) -> None:
        image, other = Image.new("RGB", (64, 64)), Image.new("RGB", (64, 64), "red")
        card = ModelCard("any", vendor_model=model)
        work = replace(self.work(), card=card, references=(other, image))
        provider.submit(replace(work, image=image))
        body = server.asked[0].json
        sent = [body[name] for name in ("input_image", "input_image_2", "input_image_3")]
        assert sent == [data_uri(one).partition(",")[2] for one in (image, other, image)]
        provider.submit(work)
        assert "input_image_3" not in server.asked[1].json
        assert server.asked[1].json["input_image"] == data_uri(other).partition(",")[2]
        old = replace(work, card=ModelCard("any", vendor_model="flux-pro-1.1"))
        with pytest.raises(ProviderError, match="references"):
            provider.submit(old)

    def test_check_asks_for_the_balance(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"credits": 12.5})]
        assert provider.check() == {"credits": 12.5}
        assert server.asked[0].path == "/credits"
