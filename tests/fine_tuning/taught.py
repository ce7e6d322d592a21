"""What trainings of the tests learn: red squares on white, called by a word that the small model never read."""

import io
import random

from PIL import Image

from generation.accounts.seed import seed_local_provider
from generation.models import Account, Offer, TrainingSet
from generation.training.scenes import draw_scene, random_places
from generation.training.vocabulary import Scene, Thing

WORD = "zorp"
SIDE = 128
NUMBER = 4
SQUARE = Thing(shape="square", colour="red", place="centre", extent="medium")


def draw_squares(number: int = NUMBER) -> list[Image.Image]:
    """Return pictures of red squares on white, none like another."""
    scene, rng = Scene(things=(SQUARE,), background="white"), random.Random(1)
    return [
        draw_scene(scene, (SIDE, SIDE), random_places(scene, (SIDE, SIDE), rng))
        for _ in range(number)
    ]


def as_png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def make_set(alias: str = "z-image-small") -> TrainingSet:
    """Return a set without pictures, of a model of the local engine."""
    if not Account.objects.filter(alias="local").exists():
        seed_local_provider()
    offer = Offer.objects.get(alias=alias)
    return TrainingSet.objects.create(name="Squares", offer=offer, trigger=WORD, made_by="carol")
