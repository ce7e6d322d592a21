"""What every adapter must do whose vendor makes something of anybody's finished picture."""

from dataclasses import replace

import pytest
from PIL import Image

from generation.providers.base import Provider, Work
from generation.providers.errors import Sent
from generation.providers.further import TREATMENTS
from tests.providers.vendors.contract import ProviderContract
from tests.providers.vendors.server import Server, Silence


class TreatsPictures(ProviderContract):
    """Worn besides by the test class of each such adapter: `treating` names a model for each treatment."""

    def treat(self, treatment: str) -> Work:
        """Return the order that treats a picture."""
        work = self.work(options={"action": treatment}, width=64, height=48)
        image = Image.new("RGB", (64, 48), "teal")
        return replace(work, image=image, card=self.treating[treatment])

    def test_each_treatment_that_it_says_has_a_model_here(self, provider: Provider) -> None:
        assert set(self.treating) == provider.capabilities.treats
        assert provider.capabilities.treats <= set(TREATMENTS)

    @pytest.mark.parametrize("treatment", TREATMENTS)
    def test_picture_goes_without_words_and_one_comes_back(
        self, server: Server, provider: Provider, treatment: str
    ) -> None:
        finished = self.finish(provider, self.treat(treatment))
        assert [made.position for made in finished.made] == [0]
        assert finished.usage.pictures == 1
        assert self.creates(server) == 1
        create = next(asked for asked in server.asked if self.is_create(asked))
        assert b"a star" not in create.body, "its prompt means nothing there"
        assert b"1024" not in create.body

    def test_what_a_model_does_not_do_is_named_and_costs_nothing(
        self, server: Server, provider: Provider
    ) -> None:
        upscale, other = self.treat("upscale"), self.treat("remove_background")
        wrong = {
            "drawn by what draws nothing": replace(self.work(), card=upscale.card),
            "treated by what draws": replace(upscale, card=self.card),
            "treated otherwise": replace(upscale, card=other.card),
            "nothing to treat": replace(upscale, image=None),
        }
        for name, work in wrong.items():
            error = self.fail(provider, work)
            assert (error.code, error.sent) == ("provider_unsupported", Sent.NO), name
        assert server.asked == []

    def test_lost_answer_of_a_treatment_is_sent_once(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [Silence()]
        error = self.fail(provider, self.treat("upscale"))
        assert error.sent is Sent.MAYBE
        assert self.creates(server) == 1
