"""A template may be judged more strictly than its platform asks for, never less."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Finding, Moderator, Task
from generation.order import Order
from generation.orders.customer import Customer
from generation.orders.submit import resolve_for
from generation.work.run import run_queue
from genhub.platforms.models import Moderation, Platform
from templates.models import Template
from templates.services import create_template, draft_next, publish
from tests.api.refusals import GENERATE, refused
from tests.providers.vendors.server import Reply, Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
Make = Callable[..., Moderator]
BAD = Reply(body={"results": [{"flagged": True, "categories": {"sexual": True}, "category_scores": {"sexual": 0.9}}]})  # fmt: skip
PARAMETERS = {"who": {"type": "string"}}


def make_template(moderation: str) -> None:
    version = create_template(
        "scene", name="Scene", prompt="{who} by the sea", parameters=PARAMETERS, required=["who"], moderation=moderation
    )  # fmt: skip
    publish(version, actor="tests")


def body(who: str) -> dict[str, Any]:
    return {"template": "scene", "parameters": {"who": who}}


def let(policy: str) -> None:
    Platform.objects.filter(code="shop").update(moderation=policy)


@pytest.mark.parametrize("policy", ["off", "flag", "block"])
@pytest.mark.parametrize("own", ["", "flag", "block"])
def test_the_stricter_policy_decides(
    alice: APIClient, stub: Account, terms: None, policy: str, own: str
) -> None:
    make_template(own)
    let(policy)
    if "block" in (policy, own):
        refused(alice, GENERATE, body=body("a naked man"), expect=(422, "prompt_refused", "parameters.who"))  # fmt: skip
        outcomes = ["refused"]
    else:
        assert alice.post(GENERATE, body("a naked man"), format="json").status_code == 202
        outcomes = ["flagged"] if "flag" in (policy, own) else []
    assert list(Finding.objects.order_by().values_list("outcome", flat=True).distinct()) == outcomes


def test_services_are_asked_for_a_template_alone_where_its_platform_asks_nobody(
    alice: APIClient, stub: Account, server: Server, service: Make
) -> None:
    service()
    make_template("block")
    let("off")
    orders = [{"prompt": "a weapon"}, body("a star"), body("a weapon")]
    answer = alice.post("/api/v1/batches", {"orders": orders, "policy": "some"}, format="json")
    assert answer.status_code == 202, answer.json()
    whole = alice.get(answer.json()["url"]).json()
    assert [one["status"] == "refused" for one in whole["orders"]] == [False, False, True]
    [asked] = server.asked
    assert asked.json["input"] == ["a star by the sea", "a weapon by the sea"]


def test_pictures_are_withheld_for_a_template_where_its_platform_lets_them_pass(
    alice: APIClient, stub: Account, server: Server, service: Make
) -> None:
    service(checks_prompts=False, checks_pictures=True)
    server.respond = lambda asked: BAD
    make_template("block")
    let("off")
    for words in ({"prompt": "a star"}, body("a star")):
        assert alice.post(GENERATE, words, format="json").status_code == 202
    run_queue("local")
    direct, of_template = Task.objects.order_by("id")
    assert direct.state == "completed"
    assert (of_template.state, of_template.error_code) == ("failed", "content_blocked")
    assert Finding.objects.get().task == of_template


@pytest.mark.parametrize(
    ("policies", "expected"),
    [(("off", ""), "off"), (("off", "flag"), "flag"), (("flag", "block"), "block"), (("block", "flag"), "block"),
     (("block", ""), "block"), (("flag", "off"), "flag")],
)  # fmt: skip
def test_strictest_policy(policies: tuple[str, ...], expected: str) -> None:
    assert Moderation.strictest(*policies) == expected


def test_what_was_drawn_for_one_policy_is_not_found_for_another(
    stub: Account, shop: Platform, service: Make
) -> None:
    service(checks_prompts=False, checks_pictures=True)
    make_template("")
    let("off")
    customer = Customer.of(Platform.objects.get(), "alice")
    order = Order(template="scene", parameters={"who": "a star"}, seed=7)
    keys = [resolve_for(customer, order).cache_key]
    for moderation in ("block", ""):
        draft = draft_next(Template.objects.get())
        draft.moderation = moderation
        draft.save()
        publish(draft, actor="tests")
        keys.append(resolve_for(customer, order).cache_key)
    assert keys[0] == keys[2] != keys[1]
