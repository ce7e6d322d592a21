"""Models in the admin that do something to finished pictures: only what their adapter can, and no clips."""

import json
from typing import Any

import pytest
from django.test import Client

from generation.models import Account, Offer
from generation.models.weights import PLACE
from tests.admin.test_models import ADD, errors_of, local, values

__all__ = ["local", "values"]
pytestmark = pytest.mark.django_db


def form(values: dict[str, Any], adapter: str, **options: Any) -> dict[str, Any]:
    """Return the form of a new model at an account of this adapter."""
    account, _ = Account.objects.get_or_create(alias=adapter, adapter=adapter, queue="remote")
    words = {"account": account.pk, "options": json.dumps(options), "default_negative_prompt": ""}
    return values | dict.fromkeys(PLACE, "") | words


def test_model_says_what_it_does_to_pictures(boss: Client, values: dict[str, Any]) -> None:
    assert boss.post(ADD, form(values, "fal", treatment="upscale")).status_code == 302
    assert Offer.objects.get().options == {"treatment": "upscale"}


@pytest.mark.parametrize(
    ("adapter", "treatment", "says"),
    [
        ("fal", "enlarge", "one of these: upscale, remove_background"),
        ("openai", "upscale", "does nothing to finished pictures"),
    ],
)
def test_what_its_adapter_does_not_is_refused_at_the_options(
    boss: Client, values: dict[str, Any], adapter: str, treatment: str, says: str
) -> None:
    errors = errors_of(boss.post(ADD, form(values, adapter, treatment=treatment)))
    assert says in errors["options"][0]
    assert not Offer.objects.exists()


def test_model_of_clips_treats_no_pictures(boss: Client, values: dict[str, Any]) -> None:
    said = form(values, "stub", treatment="upscale") | {"media_types": ["image", "video"]}
    errors = errors_of(boss.post(ADD, said))
    assert "makes pictures, and nothing else" in errors["options"][0]
