"""On a phone's width a row of any list of the admin is one card, in both languages."""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page

from genhub.users.models import User
from tests.admin.conftest import finished
from tests.admin.test_pages import rows
from tests.admin.test_words import all_rows
from tests.browser.tour import shoot

__all__ = ["all_rows", "finished", "rows"]
TALLEST_PX, NARROWEST_TARGET_PX = 120, 44
LONG = "一只橘色的猫坐在窗台上看着外面的雨，窗外是傍晚的城市灯光，油画风格，细节丰富，光线柔和 and then a good deal more of it"
# Of each card: how high it is, how large its largest words are and which, and what of it leads to the row.
MEASURED = """() => [...document.querySelectorAll('#result_list .hub-card')].map(card => {
  const own = node => [...node.childNodes].filter(n => n.nodeType === 3 && n.data.trim())
  const texts = [...card.querySelectorAll('*')].filter(n => own(n).length && n.checkVisibility() && !n.closest('.material-symbols-outlined'))
  const size = node => parseFloat(getComputedStyle(node).fontSize)
  const largest = texts.reduce((best, node) => size(node) > size(best) ? node : best, texts[0])
  const link = card.querySelector(':is([data-card=lead], [data-card=picture]) a')
  const cover = link && getComputedStyle(link, '::after')
  return {
    height: card.getBoundingClientRect().height,
    largest: largest?.textContent.trim() ?? '',
    leads: !!largest?.closest('[data-card=lead]'),
    target: link ? Math.min(parseFloat(cover.height), parseFloat(cover.width)) : null,
  }
})"""


@pytest.fixture
def boss(staff: User) -> User:
    """Who looks at the lists is the person of the browser."""
    return staff


@pytest.fixture
def long_order(finished: Any) -> None:
    finished(prompt=LONG)


def phones(page: Page, site: str, language: str) -> None:
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
    page.set_viewport_size({"width": 390, "height": 844})


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_row_of_every_list_is_a_low_card(
    signed_in: Page,
    site: str,
    long_order: None,
    all_rows: None,
    complaints: list[str],
    language: str,
) -> None:
    page, seen, ill = signed_in, 0, []
    phones(page, site, language)
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        page.goto(site + reverse(f"admin:{name}_changelist"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        shoot(page, f"card-{name}-{language}")
        cards = page.evaluate(MEASURED)
        if name == "generation_task":
            assert any(card["largest"].startswith(LONG[:30]) for card in cards)
            assert not any(card["largest"].startswith("task_") for card in cards)
        for card in cards:
            seen += 1
            is_well = card["height"] <= TALLEST_PX and card["leads"]
            if not is_well or (card["target"] or NARROWEST_TARGET_PX) < NARROWEST_TARGET_PX:
                ill.append((name, card))
    assert not ill, ill
    assert seen > 40
    assert complaints == []
