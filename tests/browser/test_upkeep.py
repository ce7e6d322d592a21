"""The first page with queues, providers, cards and store, and the day in figures: on a desk and on a phone."""

from django.db.models.functions import Now
from playwright.sync_api import Page
from rest_framework.test import APIClient

from generation.models import Account, Worker
from generation.work.run import run_queue
from tests.browser.tour import tour


def test_first_page_and_figures_fit_in_both_languages(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    for prompt in ("a star", "stub:fail"):
        alice.post("/api/v1/generate", {"prompt": prompt}, format="json")
        run_queue("local")
    alice.post("/api/v1/generate", {"prompt": "a moon"}, format="json")
    facts = {"memory_total": 2**37, "memory_used": 2**36, "gpu_utilization": 40}
    Worker.objects.create(name="painter", queues=["local"], beat_at=Now(), facts=facts)
    places = {"upkeep": "", "figures": "generation/task/figures/"}
    assert len(list(tour(signed_in, site, places))) == 4 * len(places)
    assert complaints == []
