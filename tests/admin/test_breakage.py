"""Whoever changes what templates lean on is told which of them broke, and the list of templates says why."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generation.models import Account
from genhub.platforms.models import Platform
from templates.models import Style
from templates.services import create_template, publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
BROKE = "cannot be ordered any more"


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def poster(**settings: Any) -> None:
    publish(create_template("poster", name="Poster", prompt="a", settings=settings), actor="tests")


def warnings(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"] if BROKE in str(message)]


STYLE = {"name_en": "Anime", "name_zh": "动漫", "position": 3}


@pytest.mark.parametrize(
    ("words", "why"), [({}, "no style of this code"), ({"is_active": "on", "settings": '{"steps": 99}'}, "At most 50")]
)  # fmt: skip
def test_a_style_that_is_switched_off_or_altered_names_its_templates(
    boss: Client, words: dict[str, Any], why: str
) -> None:
    poster(style_preset="anime")
    address = page("templates_style_change", Style.objects.get(code="anime").pk)
    # What breaks nothing warns of nothing.
    assert warnings(boss.post(address, STYLE | {"is_active": "on"}, follow=True)) == []
    [warning] = warnings(boss.post(address, STYLE | words, follow=True))
    assert "poster" in warning
    assert why in warning
    # It broke then, not now.
    assert warnings(boss.post(address, STYLE | words, follow=True)) == []
    listed = boss.get(page("templates_template_changelist")).content.decode()
    assert why in listed
    assert "cannot be ordered" in listed


def test_a_provider_switched_off_in_the_list_names_them_all(boss: Client, stub: Account) -> None:
    rows = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": stub.pk, "form-0-weight": 1, "_save": "1"}  # fmt: skip
    answer = boss.post(page("generation_account_changelist"), rows, follow=True)
    assert {w.split("“")[1].split("”")[0] for w in warnings(answer)} == {"shape", "shape-zh", "badge"}  # fmt: skip


def test_a_platforms_default_model_that_nobody_offers_is_told(boss: Client, shop: Platform) -> None:
    address = page("platforms_platform_change", shop.pk)
    words = {"name": "Shop", "language": "en", "time_zone": "UTC", "is_active": "on", "moderation": "block", "unjudged": "block"}  # fmt: skip
    assert warnings(boss.post(address, words, follow=True)) == []
    assert len(warnings(boss.post(address, words | {"default_model": "ghost"}, follow=True))) == 3
