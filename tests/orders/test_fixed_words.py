"""What templates and styles fix of an order besides sizes and steps: the LoRAs that it wears, the form of its files."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Offer, Task
from templates.models import Style
from templates.services import create_template, find_mistakes, publish
from tests.api.refusals import GENERATE, refused
from tests.offers import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
INK, FOG = (
    {"name": "ink", "file": "/ink", "scale": 0.8, "is_usual": True},
    {"name": "fog", "file": "/fog"},
)
WORN = [{"name": "fog", "scale": 0.5}, {"name": "ink"}]


@pytest.fixture(autouse=True)
def _weights(stub: Any) -> None:
    place(Offer.objects.get(), loras=[INK, FOG])


def style(**settings: Any) -> None:
    Style.objects.filter(code="anime").update(settings=settings)


def order(client: APIClient, **words: Any) -> Task:
    said = words if "template" in words else {"prompt": "a star"} | words
    answer = client.post(GENERATE, said, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.latest("id")


def poster(**settings: Any) -> None:
    publish(create_template("poster", name="P", prompt="a star", settings=settings), actor="tests")


def test_style_dresses_its_orders_in_its_loras(alice: APIClient) -> None:
    style(loras=WORN)
    assert order(alice).spec["loras"] == [["ink", 0.8]]
    assert order(alice, style_preset="anime").spec["loras"] == [["fog", 0.5], ["ink", 0.8]]
    own = order(alice, style_preset="anime", loras=[{"name": "ink", "scale": 1}])
    assert own.spec["loras"] == [["ink", 1.0]]
    assert order(alice, style_preset="anime", loras=[]).spec["loras"] == []
    style(loras=[])
    assert order(alice, style_preset="anime").spec["loras"] == []


def test_template_decides_before_its_style(alice: APIClient) -> None:
    style(loras=WORN)
    poster(style_preset="anime", loras=[{"name": "ink", "scale": 0.1}])
    assert order(alice, template="poster").spec["loras"] == [["ink", 0.1]]
    body = {"template": "poster", "loras": []}
    [error] = refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "loras"))["errors"]  # fmt: skip
    assert error["code"] == "decided_by_template"


def test_style_whose_lora_the_model_lacks_is_refused_by_name(alice: APIClient) -> None:
    style(loras=[{"name": "gone"}])
    body = {"prompt": "a star", "style_preset": "anime"}
    [error] = refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "style_preset"))["errors"]  # fmt: skip
    assert error["code"] == "unsupported"
    assert "“gone”" in error["message"]
    assert "“z-image-small”" in error["message"]
    assert order(alice, style_preset="anime", loras=[]).spec["loras"] == []


@pytest.mark.parametrize("settings", [{"loras": [{"name": "gone"}]}, {"style_preset": "anime"}])
def test_template_whose_lora_is_gone_is_not_published_and_its_staff_are_named(
    alice: APIClient, settings: dict[str, Any]
) -> None:
    style(loras=WORN[:1])
    poster(**({"loras": WORN[:1]} if "loras" in settings else settings))
    place(Offer.objects.get(), loras=[INK])
    [error] = refused(alice, GENERATE, body={"template": "poster"}, expect=(409, "template_not_orderable", "template"))["errors"]  # fmt: skip
    assert "fog" in error["message"] or "loras" in error["message"]
    style(loras=[{"name": "gone"}])
    draft = create_template("wrong", name="W", prompt="a star", settings=settings)
    assert [one.field for one in find_mistakes(draft)] == ["settings"]


def test_form_of_files_is_fixed_and_an_order_may_say_another(alice: APIClient) -> None:
    poster(output_format="jpeg", output_compression=70)
    form = ("output_format", "output_compression")

    def form_of(**words: Any) -> list[Any]:
        spec = order(alice, template="poster", **words).spec
        return [spec.get(name) for name in form]

    assert form_of() == ["jpeg", 70]
    assert form_of(output_compression=20) == ["jpeg", 20]
    assert form_of(output_format="webp") == ["webp", None]
    style(output_format="png")
    assert order(alice, style_preset="anime").spec["output_format"] == "png"
    said = {"prompt": "a star", "style_preset": "anime", "output_compression": 5}
    refused(alice, GENERATE, body=said, expect=(400, "invalid_request", "output_compression"))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"output_compression": 50}, "It goes with “output_format”"),
        ({"output_format": "gif"}, "one of these: png"),
        ({"loras": [{"name": "ink", "scale": 3}]}, "loras.0.scale"),
        ({"loras": [{"scale": 1}]}, "loras.0.name"),
        ({"loras": [{"name": "ink"}] * 5}, "loras"),
        ({"loras": "ink"}, "loras"),
        ({"embed_parameters": True}, "embed_parameters"),
        ({"steps": 1001}, "1000"),
    ],
)
def test_values_that_no_order_may_have_are_refused_before_publishing(
    settings: dict[str, Any], told: str
) -> None:
    draft = create_template("wrong", name="W", prompt="a star", settings=settings)
    [mistake] = find_mistakes(draft)
    assert mistake.field == "settings"
    assert told in (mistake.message % mistake.params)
