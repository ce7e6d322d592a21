"""How many reference pictures a model takes, on its page."""

from typing import Any

import pytest
from django.test import Client

from generation.models import Account, Offer
from generation.models.weights import PLACE
from tests.admin.test_models import ADD, change, errors_of, local, values

__all__ = ["local", "values"]
pytestmark = pytest.mark.django_db


def test_no_model_takes_more_reference_pictures_than_its_adapter_sends(
    boss: Client, values: dict[str, Any]
) -> None:
    assert set(errors_of(boss.post(ADD, values | {"most_references": 1}))) == {"most_references"}
    words = values | dict.fromkeys(PLACE, "") | {"loras": ""}
    vendor = Account.objects.create(alias="pictures", adapter="dashscope", queue="remote")
    words |= {"account": vendor.pk, "unsupported": ["mask", "steps", "cfg_scale", "strength", "last_image", "audio"]}  # fmt: skip
    for most in (3, -1, 99, "two"):
        errors = errors_of(boss.post(ADD, words | {"most_references": most}))
        assert set(errors) == {"most_references"}, most
    assert boss.post(ADD, words | {"most_references": 2}).status_code == 302
    row = Offer.objects.get(alias="liujuan-2")
    assert row.card().most_references == 2
    assert boss.post(change(row), words | {"most_references": ""}).status_code == 302
    row.refresh_from_db()
    assert row.most_references == 0
