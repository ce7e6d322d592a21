"""What staff do each day, against the clock: clicks and keys are counted, and told as seconds of a practised hand.

A click is 2.65 s (to think of it 1.35, to point 1.1, to press 0.2) and a key 0.28 s, as the keystroke-level model of
Card, Moran and Newell has it; what the hub itself takes is measured, printed (`-s`), and judged by nobody.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from credits.models import Kind, Transfer
from generation.models import Account, Task
from generation.work.run import run_queue
from templates.models import Template, TemplateVersion
from templates.services import publish
from tests.books import find_mistakes
from tests.steps import attempt_states, submit

CLICK_SECONDS, KEY_SECONDS = 2.65, 0.28
DAY = timedelta(days=1)


@dataclass
class Hand:
    """Who clicks and types, and counts both."""

    page: Page
    clicks: int = 0
    keys: int = 0
    began: float = field(default_factory=time.monotonic)

    def click(self, what: str) -> None:
        self.page.click(what)
        self.clicks += 1

    def type(self, where: str, text: str) -> None:
        """Write into a field: to go there is a click."""
        self.page.fill(where, text)
        self.clicks, self.keys = self.clicks + 1, self.keys + len(text)

    def choose(self, where: str, value: str) -> None:
        """Choose of a list: to open it and to take one."""
        self.page.select_option(where, value)
        self.clicks += 2

    @property
    def seconds(self) -> float:
        """Return how long a hand takes for all that."""
        return self.clicks * CLICK_SECONDS + self.keys * KEY_SECONDS

    def told(self, deed: str) -> str:
        waited = time.monotonic() - self.began
        return f"{deed}: {self.clicks} clicks, {self.keys} keys, {self.seconds:.0f} s of hands, {waited:.1f} s here"


@pytest.fixture
def hand(signed_in: Page, site: str) -> Hand:
    hand = Hand(signed_in)
    hand.page.goto(f"{site}/admin/")
    return hand


def test_three_of_yesterdays_orders_are_refunded(
    hand: Hand, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    for seed in range(5):
        alice.post("/api/v1/generate", {"prompt": f"star {seed}", "seed": seed}, format="json")
    run_queue("local")
    # Made yesterday, and kept under a key that says so too.
    Task.objects.update(created_at=F("created_at") - DAY)
    hand.began = time.monotonic()
    hand.click("#nav-sidebar a[href='/admin/generation/task/']")
    for seed in (0, 2, 4):
        hand.click(f"#result_list a:has-text('star {seed}')")
        hand.click("a[href$='/refund/'] >> visible=true")
        hand.choose("#id_ready", "other")
        hand.click("button:has-text('Refund')")
        expect(hand.page.locator("#refunded")).to_have_text("10")
        if seed != 4:
            hand.click("#nav-sidebar a[href='/admin/generation/task/']")
    print(hand.told("three refunds"))  # noqa: T201 (its answer)
    assert Transfer.objects.filter(kind=Kind.REFUND).count() == 3
    assert hand.clicks <= 18
    assert hand.seconds <= 60
    assert find_mistakes() == []
    assert complaints == []


def test_a_new_version_is_tried_out_and_published(
    hand: Hand, stub: Account, complaints: list[str]
) -> None:
    first = TemplateVersion.objects.create(
        template=Template.objects.create(code="star-poster"), number=1, name="Poster", prompt="a {colour} star",
        parameters={"colour": {"type": "string", "enum": ["red", "blue"], "default": "red"}},
    )  # fmt: skip
    publish(first, actor="carol")
    hand.began = time.monotonic()
    hand.click("#nav-sidebar a[href='/admin/templates/template/']")
    hand.click("#result_list a:has-text('star-poster')")
    hand.click("a:has-text('Draft a new version') >> visible=true")
    hand.click("button:has-text('Begin the draft')")
    hand.type("#id_prompt", "a {colour} star over the sea at night, in oil")
    hand.type("#id_note", "The sea, as the client asked.")
    hand.click("[name=_save]")
    hand.click("a:has-text('Try it out') >> visible=true")
    hand.click("button:has-text('Draw')")
    expect(hand.page.locator("progress")).to_have_count(2)
    run_queue("local")
    expect(hand.page.locator(".hub-pictures img")).to_have_count(2)
    draft = TemplateVersion.objects.get(number=2)
    hand.click("#nav-sidebar a[href='/admin/templates/template/']")
    hand.click("#result_list a:has-text('star-poster')")
    hand.click(f"a[href$='/templateversion/{draft.pk}/change/'] >> nth=0")
    hand.click("button:has-text('Save and publish') >> visible=true")
    expect(hand.page.locator("text=New orders run")).to_be_visible()
    print(hand.told("a new version"))  # noqa: T201 (its answer)
    assert Template.objects.get().published == draft
    assert hand.clicks <= 13
    assert hand.seconds <= 180
    assert complaints == []


def test_an_order_in_doubt_is_settled(
    hand: Hand, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    task = submit(alice, "stub:lost")
    assert [entry["ended"] for entry in run_queue("local")] == ["unknown"]
    hand.began = time.monotonic()
    hand.click("#nav-sidebar a[href='/admin/generation/deskentry/']")
    hand.click(f"#result_list a:has-text('{task}')")
    hand.click("input[value=not_taken]")
    hand.type("#id_reason", "Their page lists no such order.")
    hand.click("button:has-text('Go on')")
    hand.page.wait_for_url("**/change/")
    print(hand.told("an order in doubt"))  # noqa: T201 (its answer)
    assert attempt_states(task) == ["canceled", "queued"]
    assert hand.clicks <= 5
    assert hand.seconds <= 60
    assert complaints == []
