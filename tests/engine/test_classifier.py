"""The local classifier: a model that the operator named judges pictures in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient
from transformers import ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from generation.models import Finding
from generation.moderation.classifier import Unclassified, classifier
from generation.work.run import run_queue
from tests.api.refusals import GENERATE
from tests.easel import Easel

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that tells red pictures from all others, as a folder."""
    folder = tmp_path_factory.mktemp("colours")
    torch.manual_seed(7)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16,
        patch_size=8, id2label={0: "fine", 1: "red"}, label2id={"fine": 0, "red": 1},
    )  # fmt: skip
    model = ViTForImageClassification(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        colour = torch.rand(32, 3, 1, 1) * 2 - 1
        colour[::2] = torch.tensor([1.0, -1.0, -1.0])[:, None, None] + 0.2 * torch.rand(16, 3, 1, 1)
        is_red = torch.tensor([1, 0] * 16)
        loss = model(colour.expand(32, 3, 16, 16), labels=is_red).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder, safe_serialization=True)
    ViTImageProcessorPil(size={"height": 16, "width": 16}).save_pretrained(folder)
    return folder


@pytest.fixture
def named(settings: Settings, colours: Path) -> Iterator[None]:
    settings.MODERATION_MODEL = str(colours)
    settings.MODERATION_LABELS = {"red": 0.7}
    yield
    classifier.stop()


def flat(colour: str) -> Image.Image:
    return Image.new("RGB", (700, 300), colour)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("named", "right_books")
def test_it_judges_what_is_drawn_before_anybody_sees_it(
    alice: APIClient, easel: Easel, settings: Settings
) -> None:
    made = alice.post(GENERATE, {"prompt": "a star"}, format="json").json()
    run_queue("local")
    task = alice.get(f"/api/v1/tasks/{made['id']}").json()
    told = (task["status"], task["error"]["code"], task["credits"]["captured"])
    assert told == ("failed", "content_blocked", 0)
    row = Finding.objects.get()
    assert (row.source, row.labels) == ("classifier", ["red"])
    # It stays loaded.
    process = classifier._process
    assert classifier.find_labels(flat("blue")) == classifier.find_labels(flat("white")) == ()
    assert classifier.find_labels(flat("red")) == ("red",)
    assert classifier._process is process
    settings.MODERATION_LABELS = {"nsfw": 0.5}
    with pytest.raises(Unclassified, match="nsfw"):
        classifier.find_labels(flat("red"))


def test_pickled_weights_are_not_taken(settings: Settings, colours: Path, tmp_path: Path) -> None:
    for file in colours.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    model = ViTForImageClassification.from_pretrained(colours)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    settings.MODERATION_MODEL, settings.MODERATION_LABELS = str(tmp_path), {"red": 0.7}
    with pytest.raises(Unclassified):
        classifier.find_labels(flat("red"))
    assert classifier._process is None
