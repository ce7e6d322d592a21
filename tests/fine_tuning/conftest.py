"""Sets and trainings, of a device that a test holds in its hands and of the real small model."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pytest_django import Settings

from generation.accounts.adapters import adapter_of
from generation.fine_tuning import jobs, sets
from generation.models import Account, LocalWeights, Offer, TrainingJob, TrainingSet
from generation.providers import registry
from generation.work import training
from genhub.lib.ids import new_id
from tests.fine_tuning.school import School
from tests.fine_tuning.taught import SIDE, WORD, as_png, draw_squares, make_set

STEPS = 6


@pytest.fixture(autouse=True)
def _empty_hands() -> Iterator[None]:
    """What one test leaves in hand is no other's."""
    yield
    training.hands.let_go()


@pytest.fixture(autouse=True)
def loras(settings: Settings, tmp_path: Path) -> Path:
    """Where LoRAs are written."""
    settings.LORA_FOLDER = tmp_path / "loras"
    return tmp_path / "loras"


@pytest.fixture
def school(db: None, monkeypatch: pytest.MonkeyPatch) -> School:
    """The device of a model that is the hub's default in tests."""
    name = f"school-{new_id().hex}"
    monkeypatch.setitem(registry.ADAPTERS, name, "tests.fine_tuning.school.School")
    provider = Account.objects.create(alias="local", adapter=name, queue="local")
    offer = provider.offers.create(
        alias="z-image-small", default_width=64, default_height=64, smallest_side=16, largest_side=1024
    )  # fmt: skip
    LocalWeights.objects.create(offer=offer, folder="/models/z-image-small")
    found = cast("School", adapter_of(provider))
    found.begin()
    return found


@pytest.fixture
def squares(db: None) -> TrainingSet:
    """A set of four red squares; by the real engine's model unless a test has another device."""
    made = make_set()
    Offer.objects.filter(pk=made.offer_id).update(
        default_width=SIDE, default_height=SIDE, default_steps=1, default_cfg_scale=0
    )
    for image in draw_squares():
        sets.add_picture(made.pk, as_png(image), "image/png")
    return made


@pytest.fixture
def ask(squares: TrainingSet) -> Callable[..., TrainingJob]:
    """Ask for a training of the squares."""

    def make(**words: Any) -> TrainingJob:
        lesson = {
            "steps": STEPS,
            "rank": 2,
            "rate": 1e-3,
            "batch": 1,
            "resolution": SIDE,
            "seed": 5,
        } | words
        return jobs.ask(squares.pk, lesson, by="carol", once=new_id())

    return make


__all__ = ["WORD"]
