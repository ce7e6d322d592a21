"""Staff say on a draft's page who may order its template, and how strictly its orders are judged."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from genhub.platforms.house import find_house
from genhub.platforms.models import Platform
from templates.models import TemplateVersion
from templates.services import draft_next
from tests.admin.test_recipes import PUBLISH, address, confirm, shape, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes", "stub")]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def draft(shop: Platform) -> TemplateVersion:
    Platform.objects.create(code="forum", name=HOSTILE)
    find_house()
    return draft_next(shape())


def test_it_is_said_on_the_draft_and_stands_wherever_the_version_does(
    boss: Client, draft: TemplateVersion
) -> None:
    page = address("templateversion_change", draft.pk)
    text = boss.get(page).content.decode()
    for words in (
        "as the platform says",
        "Shop (shop)",
        'value="forum"',
        "None: every platform may.",
    ):
        assert words in text, words
    assert HOSTILE not in text
    assert 'value="house"' not in text
    assert 'value="off"' not in text
    said = words_of(draft, moderation="block", platforms=["shop", "forum"])
    assert boss.post(page, said).status_code == 302
    draft.refresh_from_db()
    assert (draft.moderation, draft.platforms) == ("block", ["forum", "shop"])
    publish = address("templateversion_publish", draft.pk)
    facts = boss.get(publish).context["question"].facts
    assert facts["Moderation"].startswith("block: ")
    assert facts["Who may order it"] == "forum, shop"
    assert confirm(boss, publish).status_code == 302
    for place in (page, address("template_change", shape().pk)):
        assert "forum, shop" in boss.get(place).content.decode()
    first = shape().versions.get(number=1)
    compared = boss.get(reverse("admin:generation_task_versions"), {"left": str(first.pk), "right": str(draft.pk)})  # fmt: skip
    rows = {label: (left, right) for label, left, right in compared.context["rows"]}
    left, right = map(strip_tags, rows["Who may order it"])
    assert (left, right) == ("every platform", "forum, shop")
    assert strip_tags(rows["Moderation"][1]).startswith("block: ")


@pytest.mark.parametrize(
    ("field", "value"), [("moderation", "off"), ("moderation", "x"), ("platforms", ["ghost"]), ("platforms", ["house"])]
)  # fmt: skip
def test_what_there_is_not_is_refused_at_its_field(
    boss: Client, draft: TemplateVersion, field: str, value: object
) -> None:
    answer = boss.post(address("templateversion_change", draft.pk), words_of(draft, **{field: value}))  # fmt: skip
    assert list(answer.context["adminform"].form.errors) == [field]


def test_platform_that_does_not_exist_keeps_a_draft_from_being_published(
    boss: Client, draft: TemplateVersion
) -> None:
    TemplateVersion.objects.filter(pk=draft.pk).update(platforms=["ghost"])
    question = boss.get(address("templateversion_publish", draft.pk)).context["question"]
    assert question.mistakes == ("Who may order it: There is no platform “ghost”.",)
    assert question.submit == ""


def test_sample_order_goes_by_the_models_of_those_who_may_order(
    boss: Client, draft: TemplateVersion
) -> None:
    Platform.objects.filter(code="shop").update(default_model="ghost")
    page = address("templateversion_change", draft.pk)
    # Another platform's model can draw it, but that platform may not order it.
    answer = boss.post(page, words_of(draft, platforms=["shop"]) | PUBLISH)
    assert "ghost" in str(answer.context["adminform"].form.errors)
    assert (
        boss.post(page, words_of(draft, platforms=["shop", "forum"]) | PUBLISH).status_code == 302
    )
