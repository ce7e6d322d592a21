"""Staff look at what moderation withheld, blurred first, and release it; pages fit a desk and a phone."""

from playwright.sync_api import Page, expect
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account, Finding, Moderator
from generation.moderation.loading import seed_terms
from generation.work.run import run_queue
from tests.browser.tour import shoot, tour, wait_for
from tests.providers.vendors.server import Asked, Reply, Server

REASON = "A museum's statue, and no more."


def answer(asked: Asked) -> Reply:
    """Object to every picture."""
    result = {"flagged": True, "categories": {"sexual": True}, "category_scores": {"sexual": 0.93}}
    return Reply(body={"results": [result]})


def test_staff_look_at_a_withheld_picture_and_release_it(
    signed_in: Page,
    site: str,
    alice: APIClient,
    stub: Account,
    settings: Settings,
    complaints: list[str],
) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    seed_terms()
    page = signed_in
    with Server(answer).running() as server:
        Moderator.objects.create(
            alias="openai", adapter="openai", base_url=server.url, checks_prompts=False, checks_pictures=True
        )  # fmt: skip
        made = alice.post(
            "/api/v1/generate", {"prompt": "a statue", "num_images": 2}, format="json"
        ).json()
        assert (
            alice.post("/api/v1/generate", {"prompt": "a naked flame"}, format="json").status_code
            == 422
        )
        run_queue("local")
    address = f"/api/v1/tasks/{made['id']}/appeal"
    assert (
        alice.post(address, {"text": "It is a statue in a museum."}, format="json").status_code
        == 200
    )
    finding = Finding.objects.filter(position=0).get()
    refused = Finding.objects.get(task=None)
    places = {
        "moderation-desk": "generation/finding/",
        "moderation-finding": f"generation/finding/{finding.pk}/change/",
        "moderation-release": f"generation/finding/{finding.pk}/release/",
        "moderation-refused": "generation/refusedprompt/",
        "moderation-allow": f"generation/refusedprompt/{refused.pk}/allow/",
        "moderation-terms": "generation/term/",
        "moderation-service": f"generation/moderator/{Moderator.objects.get().pk}/change/",
    }
    assert len(list(tour(page, site, places))) == 4 * len(places)

    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/{places['moderation-finding']}")
    expect(page.locator(".hub-blurred")).to_be_visible()
    page.click("text=Show the picture")
    wait_for(
        page, "[...document.querySelectorAll('.hub-pictures img')].some(i => i.naturalWidth > 8)"
    )
    shoot(page, "moderation-shown")
    page.click("a[href$='/release/'] >> visible=true")
    page.fill("#id_reason", REASON)
    page.click("button:has-text('Release')")
    expect(page.locator("text=No credit moved")).to_be_visible()
    told = alice.get(address).json()
    assert (told["state"], told["pictures"][0]["reason"]) == ("waiting", REASON)
    assert complaints == []
