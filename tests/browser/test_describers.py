"""Staff look after vision models and try one: on a desk and on a phone, in both languages."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from generation.models import Describer
from tests.browser.tour import shoot, tour
from tests.describing.conftest import SEEN, completion
from tests.providers.vendors.server import Server

pytestmark = pytest.mark.django_db(transaction=True)


def test_vision_models_fit_each_screen_and_one_is_tried(
    signed_in: Page, site: str, settings: Settings, complaints: list[str]
) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    page = signed_in
    with Server(lambda asked: completion(SEEN)).running() as server:
        row = Describer(alias="eyes", model="sees-1", base_url=server.url)
        row.take("sk-0123456789abcdef")
        row.save()
        places = {
            "vision-models": "generation/describer/",
            "vision-model": f"generation/describer/{row.pk}/change/",
            "vision-model-test": f"generation/describer/{row.pk}/try_it/",
        }
        assert len(list(tour(page, site, places))) == 4 * len(places)
        page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{site}/admin/{places['vision-model-test']}")
        page.get_by_role("button", name="Test now").click()
        expect(page.get_by_text(SEEN)).to_be_visible()
        shoot(page, "vision-model-tried")
    assert "sk-0123456789abcdef" not in page.content()
    assert complaints == []
