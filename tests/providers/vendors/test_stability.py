"""Stability AI."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import Provider
from generation.providers.errors import ProviderError
from generation.spec import ModelCard
from tests.providers.vendors.contract import b64
from tests.providers.vendors.server import Asked, Reply, Server
from tests.providers.vendors.treated import TreatsPictures


def problem(status: int, name: str) -> Reply:
    return Reply(status, {"id": "f81964d6", "name": name, "errors": ["told so"]})


def model(name: str) -> ModelCard:
    return ModelCard("any", vendor_model=name)


def treating(name: str, treatment: str, **options: str) -> ModelCard:
    return ModelCard(name, vendor_model=name, options={"treatment": treatment, **options})


class TestStability(TreatsPictures):
    """Stable Image."""

    adapter = "stability"
    card = model("core")
    treating = {
        "upscale": treating("upscale-fast", "upscale"),
        "remove_background": treating("remove-background", "remove_background"),
    }
    refusal = problem(403, "content_moderation")
    bad_key = problem(401, "unauthorized")
    no_quota = problem(402, "payment_required")
    busy = problem(429, "rate_limit_exceeded")
    broken = problem(500, "internal_error")

    def respond(self, asked: Asked) -> Reply:
        return Reply(body={"image": b64(), "finish_reason": "SUCCESS", "seed": 42, "new": None})

    def fields(self, asked: Asked) -> dict[str, str]:
        boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
        found = {}
        for part in asked.body.split(b"--" + boundary)[1:-1]:
            head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
            name = head.partition(b'name="')[2].partition(b'"')[0]
            found[name.decode()] = value.decode(errors="replace")
        return found

    def test_form_says_what_core_takes_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        work = self.work(seeds=(2**32,), negative_prompt="rain", width=1344, height=768)
        finished = self.finish(provider, work)
        asked = server.asked[0]
        assert asked.path == "/v2beta/stable-image/generate/core"
        assert asked.headers["authorization"] == "Bearer secret-key-of-the-test"
        assert asked.headers["content-type"].startswith("multipart/form-data")
        # A seed that is too long is one of the vendor's all the same, and no two of an order's are one.
        said = {"prompt": "a star", "negative_prompt": "rain", "aspect_ratio": "16:9", "seed": "1"}
        assert self.fields(asked) == said
        assert finished.made[0].seed == 42

    def test_style_of_the_order_is_stronger_than_the_offer_s(
        self, server: Server, provider: Provider
    ) -> None:
        card = replace(self.card, options={"style_preset": "anime", "output_format": "webp"})
        for style in ("", "origami"):
            provider.submit(replace(self.work(style=style), card=card))
        said = [self.fields(asked)["style_preset"] for asked in server.asked]
        assert said == ["anime", "origami"]

    def test_filtered_picture_is_not_stored(self, server: Server, provider: Provider) -> None:
        body = {"image": b64(), "finish_reason": "CONTENT_FILTERED", "seed": 1}
        server.faults = [Reply(body=body)]
        error = self.fail(provider)
        assert (error.code, error.retryable) == ("content_refused", False)

    def test_filtered_picture_of_two_is_named(self, server: Server, provider: Provider) -> None:
        good = self.respond(server.asked[0] if server.asked else Asked("POST", "/", {}, b""))
        server.faults = [good, Reply(body={"image": b64(), "finish_reason": "CONTENT_FILTERED"})]
        finished = self.finish(provider, self.work(2))
        assert [(one.position, one.code) for one in finished.not_made] == [(1, "content_refused")]
        assert [made.position for made in finished.made] == [0]

    def test_answer_without_a_picture_is_paid(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"image": None, "finish_reason": "SUCCESS"})]
        error = self.fail(provider)
        assert (error.code, error.is_billed) == ("provider_answer_unreadable", True)

    def test_unknown_ending_is_not_stored(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"image": b64(), "finish_reason": "HALF"})]
        assert self.fail(provider).code == "provider_refused"

    def test_wrong_base64_is_no_picture(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"image": "%%%", "finish_reason": "SUCCESS"})]
        assert self.fail(provider).code == "provider_answer_unreadable"

    def test_picture_to_start_from_goes_with_its_strength(
        self, server: Server, provider: Provider
    ) -> None:
        work = replace(self.work(strength=0.6), image=Image.new("RGB", (64, 64)))
        provider.submit(replace(work, card=model("sd3.5-large")))
        fields = self.fields(server.asked[0])
        assert server.asked[0].path.endswith("/generate/sd3")
        assert fields.pop("image").startswith("\ufffdPNG")
        assert fields == {
            "prompt": "a star", "strength": "0.6", "model": "sd3.5-large", "mode": "image-to-image",
        }  # fmt: skip

    def test_strength_of_what_a_mask_shows_is_named(
        self, server: Server, provider: Provider
    ) -> None:
        grey = Image.new("L", (64, 64), 255)
        work = replace(self.work(strength=0.6), image=grey.convert("RGB"), mask=grey)
        with pytest.raises(ProviderError, match="strength"):
            provider.submit(replace(work, card=model("inpaint")))
        assert server.asked == []

    def test_mask_is_painted_in(self, server: Server, provider: Provider) -> None:
        work = replace(
            self.work(), image=Image.new("RGB", (64, 64)), mask=Image.new("L", (64, 64), 255)
        )
        provider.submit(replace(work, card=model("inpaint")))
        assert server.asked[0].path.endswith("/edit/inpaint")
        assert set(self.fields(server.asked[0])) == {"prompt", "image", "mask"}

    @pytest.mark.parametrize(
        ("name", "words", "refused"),
        [
            ("core", {"cfg_scale": 5.0}, "cfg_scale"),
            ("sd3.5-large-turbo", {"negative_prompt": "rain"}, "negative_prompt"),
            ("ultra", {"width": 1024, "height": 912}, "size"),
            ("inpaint", {}, "mask"),
            ("core", {"sampler": "Euler"}, "sampler"),
        ],
    )
    def test_what_a_model_lacks_is_named(
        self, server: Server, provider: Provider, name: str, words: dict[str, Any], refused: str
    ) -> None:
        with pytest.raises(ProviderError, match=refused):
            provider.submit(replace(self.work(**words), card=model(name)))
        assert server.asked == []

    @pytest.mark.parametrize(("name", "refused"), [("core", "image"), ("ultra", "mask")])
    def test_pictures_that_a_model_does_not_take_are_named(
        self, server: Server, provider: Provider, name: str, refused: str
    ) -> None:
        work = replace(self.work(), card=model(name), image=Image.new("RGB", (64, 64)))
        if refused == "mask":
            work = replace(work, mask=Image.new("L", (64, 64)))
        with pytest.raises(ProviderError, match=refused):
            provider.submit(work)
        assert server.asked == []

    def test_treated_picture_goes_to_its_own_endpoint(
        self, server: Server, provider: Provider
    ) -> None:
        for treatment in ("upscale", "remove_background"):
            provider.submit(self.treat(treatment))
        paths = [asked.path.removeprefix("/v2beta/stable-image/") for asked in server.asked]
        assert paths == ["upscale/fast", "edit/remove-background"]
        for asked in server.asked:
            assert set(self.fields(asked)) == {"image", "output_format"}

    def test_picture_without_background_is_no_jpeg(
        self, server: Server, provider: Provider
    ) -> None:
        card = treating("remove-background", "remove_background", output_format="jpeg")
        error = self.fail(provider, replace(self.treat("remove_background"), card=card))
        assert "output_format" in str(error)
        assert server.asked == []

    def test_check_asks_for_the_balance(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"credits": 7.25})]
        assert provider.check() == {"credits": 7.25}
        assert server.asked[0].path == "/v1/user/balance"
