"""Models of a ComfyUI in the admin: a workflow with which no order could be made is refused, and it is said why."""

import json
from typing import Any

import pytest
from django.test import Client

from generation.admin.accounts.vendor_models import MISTAKES
from generation.models import Account, Offer
from generation.models.weights import PLACE
from tests.admin.test_models import ADD, change, errors_of, local, values
from tests.providers.vendors.comfy import INPUTS, WORKFLOW
from tests.providers.vendors.test_comfyui import MISTAKES as MADE

__all__ = ["local", "values"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def own(values: dict[str, Any]) -> dict[str, Any]:
    account = Account.objects.create(alias="comfy", adapter="comfyui", queue="remote")
    options = {"workflow": WORKFLOW, "inputs": INPUTS}
    words = {"account": account.pk, "options": json.dumps(options), "default_negative_prompt": "text"}  # fmt: skip
    return values | dict.fromkeys(PLACE, "") | words


def test_model_takes_what_its_workflow_has_places_for(boss: Client, own: dict[str, Any]) -> None:
    assert boss.post(ADD, own).status_code == 302
    row = Offer.objects.get()
    assert row.unsupported == ["image", "mask", "strength", "last_image", "audio"]
    errors = errors_of(boss.post(change(row), own | {"unsupported": ["mask"]}))
    assert "input picture, strength" in errors["unsupported"][0]
    fewer = {"prompt": "6.text", "width": "5.width", "height": "5.height"}
    options = json.dumps({"workflow": WORKFLOW, "inputs": fewer})
    same = own | {"options": options, "unsupported": row.unsupported}
    assert "negative prompt, steps" in errors_of(boss.post(change(row), same))["unsupported"][0]


def test_each_mistake_is_said_at_the_options(boss: Client, own: dict[str, Any]) -> None:
    assert set(MADE) == set(MISTAKES)
    for code, (options, words) in MADE.items():
        said = {"workflow": WORKFLOW, "inputs": INPUTS, **options}
        more = {name: "\n".join(map(str, values)) for name, values in words.items()}
        errors = errors_of(boss.post(ADD, own | {"sizes": "", "options": json.dumps(said)} | more))
        (message,) = errors["options"]
        beginning = str(MISTAKES[code]).partition("%(")[0]
        assert message.startswith(beginning), code
        assert "%(" not in message
    assert not Offer.objects.exists()
