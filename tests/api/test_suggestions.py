"""Suggestions: what a user keeps in completed orders, and what several others of the platform keep; nothing of one."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.orders import suggestions
from generation.orders.suggestions import WORDS
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from templates.models import Style
from tests.api.refusals import refused
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]

DOOR = "/api/v1/me/suggestions"
NOTHING: dict[str, list[Any]] = {word: [] for word in WORDS}


def suggested(client: APIClient, query: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    body = client.get(f"{DOOR}{query}").json()
    return body["yours"], body["platform"]


def test_users_own_come_most_often_kept_first(alice: APIClient, stub: Account) -> None:
    assert suggested(alice) == (NOTHING, NOTHING)
    stub.offers.update(options={"samplers": ["Euler a"]})
    submit(alice, style_preset="anime", num_images=2, steps=9, sampler="Euler a")
    submit(alice, style_preset="anime", width=128, quality="high", negative_prompt="a secret")
    submit(alice, "a secret", style_preset="illustration", mode="fast")
    submit(alice)
    run_queue("local")
    failed = submit(alice, style_preset="oil_painting")
    Task.objects.filter(pk=failed.pk).update(state="canceled", canceled_at=failed.created_at)
    submit(alice, style_preset="photorealistic")
    yours, platform = suggested(alice)
    assert yours == {
        "template": [],
        "style_preset": ["anime", "illustration"],
        "model": ["z-image-small"],
        "size": [{"width": 64, "height": 64}, {"width": 128, "height": 64}],
        "quality": ["standard", "high"],
        "mode": ["fast"],
        "num_images": [1, 2],
        "steps": [9],
        "cfg_scale": [],
        "style": [],
        "sampler": ["Euler a"],
    }
    assert platform == NOTHING
    assert "secret" not in alice.get(DOOR).content.decode()
    # What cannot be ordered any more is not suggested.
    Style.objects.filter(code="anime").update(is_active=False)
    assert suggested(alice)[0]["style_preset"] == ["illustration"]
    stub.offers.update(is_enabled=False)
    assert suggested(alice)[0]["model"] == []


def test_of_a_templates_order_only_what_the_template_left_open_was_chosen(alice: APIClient) -> None:
    body = {"template": "shape", "parameters": {"shape": "star", "colour": "red"}, "num_images": 3}
    assert alice.post("/api/v1/generate", body, format="json").status_code == 202
    run_queue("local")
    yours, _ = suggested(alice)
    expect = {"template": ["shape"], "quality": ["standard"], "num_images": [3]}
    assert yours == {**NOTHING, **expect}


def test_of_others_only_what_three_of_them_share_is_told(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], alice: APIClient
) -> None:
    press = Platform.objects.create(code="press", name="Press")
    other_platform = client_of("dave", platform=press)
    people = [client_of(name) for name in ("bob", "carol", "mallory")]
    for name in ("bob", "carol", "mallory"):
        rich(name, 100)
    submit(alice, style_preset="illustration", steps=9)
    for number, client in enumerate(people):
        for _ in range(3 if number == 0 else 1):
            submit(client, style_preset="anime", steps=9, width=128)
        submit(client, style_preset="illustration", mode=("fast", "fast", "fine")[number])
    run_queue("local")
    yours, platform = suggested(alice)
    assert yours["style_preset"] == ["illustration"]
    # Of the modes none has three users; what alice keeps herself is no news.
    expect = {"style_preset": ["anime"], "size": [{"width": 128, "height": 64}]}
    assert platform == {**NOTHING, **expect}
    # Two others are too few.
    assert suggested(people[0])[1] == NOTHING
    assert suggested(other_platform) == (NOTHING, NOTHING)
    apps = client_of("")
    refused(apps, DOOR, method="get", expect=(400, "invalid_request", "user"))
    assert suggested(apps, "?user=alice") == (yours, platform)
    refused(alice, f"{DOOR}?user=bob", method="get", expect=(403, "wrong_user"))


def test_the_newest_orders_alone_are_read_in_a_fixed_number_of_questions(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    submit(alice, style_preset="anime")
    submit(alice, style_preset="illustration")
    run_queue("local")
    monkeypatch.setattr(suggestions, "ORDERS_OF_USER", 1)
    task = Task.objects.all()[0]
    # The user's and the platform's orders, and what is offered: models, styles, templates.
    with django_assert_num_queries(5):
        found = suggestions.suggest(task.platform_id, "alice")
    assert found.yours["style_preset"] == ["illustration"]
