"""Staff try a draft out, see it beside what is published as it is drawn, and order a user's task again."""

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.work.run import run_queue
from templates.models import Template, TemplateVersion
from templates.services import draft_next, publish
from tests.browser.tour import shoot, tour

HOSTILE = "<img src=x onerror=alert(1)>"
PARAMETERS = {
    "subject": {"type": "string", "maxLength": 50, "title": HOSTILE},
    "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
    "spikes": {"type": "integer", "minimum": 3, "maximum": 9, "default": 5, "description": "How many points it has."},
}  # fmt: skip


def make_draft() -> TemplateVersion:
    first = TemplateVersion.objects.create(
        template=Template.objects.create(code="star-poster"), number=1, name="Poster",
        prompt="a {colour} {subject} with {spikes} spikes", parameters=PARAMETERS, required=["subject"],
    )  # fmt: skip
    publish(first, actor="carol")
    draft = draft_next(Template.objects.get())
    draft.prompt += " over the sea"
    draft.save()
    return draft


def test_draft_is_tried_out_and_followed_to_its_end(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page, draft = signed_in, make_draft()
    version = f"templates/templateversion/{draft.pk}/change/"
    places = {"try-version": version, "try-out": f"generation/task/try/{draft.pk}/"}
    assert len(list(tour(page, site, places))) == 8
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/{version}")
    page.click("a:has-text('Try it out') >> visible=true")
    page.fill("[name='p:subject']", HOSTILE)
    page.select_option("[name='p:colour']", "blue")
    page.click("button:has-text('Draw')")
    expect(page.locator("progress")).to_have_count(2)
    shoot(page, "try-under-way")
    run_queue("local")
    # Nobody reloads it: the page follows both to their end.
    expect(page.locator(".hub-pictures img")).to_have_count(2)
    expect(page.locator("progress")).to_have_count(0)
    expect(page.locator("mark").first).to_contain_text(HOSTILE)
    assert {task.price for task in Task.objects.all()} == {0}
    compared = page.url.partition("/admin/")[2]
    assert len(list(tour(page, site, {"try-compared": compared}))) == 4
    assert complaints == []


def test_task_is_followed_canceled_and_ordered_again(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    answer = alice.post("/api/v1/generate", {"prompt": HOSTILE, "seed": 7}, format="json").json()
    task = Task.objects.get(pk=answer["id"].removeprefix("task_"))
    place = f"generation/task/{task.pk}/"
    names = {"task-waits": f"{place}change/", "task-cancel": f"{place}cancel/"}
    assert len(list(tour(page, site, names))) == 8
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/{place}change/")
    expect(page.locator("#under-way")).to_be_visible()
    run_queue("local")
    # The page notices the end, and shows all of it.
    expect(page.locator(".hub-pictures img")).to_have_count(1)
    expect(page.locator("text=completed").first).to_be_visible()
    names = {"task-ended": f"{place}change/", "task-again": f"{place}order_again/"}
    page.click("a[href$='/order_again/'] >> visible=true")
    page.fill("#id_reason", "The customer complains of its colour.")
    page.click("button:has-text('Order it again')")
    expect(page.locator("text=It was ordered again.")).to_be_visible()
    assert Task.objects.latest("id").price == 0
    assert len(list(tour(page, site, names))) == 8
    assert complaints == []


def test_day_is_shown_in_figures(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    for seed in range(3):
        alice.post("/api/v1/generate", {"prompt": HOSTILE, "seed": seed}, format="json")
    run_queue("local")
    alice.post("/api/v1/generate", {"prompt": HOSTILE, "seed": 9}, format="json")
    places = {"figures": "generation/task/figures/", "figures-month": "generation/task/figures/?days=30"}  # fmt: skip
    for _ in tour(signed_in, site, places):
        expect(signed_in.locator("canvas")).to_be_visible()
    assert complaints == []
