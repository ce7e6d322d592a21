"""What nobody can make as it was ordered, or nobody may: refused by name before a vendor hears of it, or ended once the
vendor says so; never ordered again, never paid by the customer."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account, AccountKey, Attempt
from tests.api.refusals import GENERATE, LANGUAGES, nothing_moves, refused
from tests.faults.providers.vendor import (
    MODEL,
    PROMPT,
    Refused,
    Vendor,
    check,
    envelope,
    let_time_pass,
    open_account,
    order,
    work,
    work_on,
)
from tests.steps import attempt_states

pytestmark = pytest.mark.django_db(transaction=True)
# Of the one model of the account, in characters and in pixels.
LONGEST_PROMPT, LARGEST_SIDE = 5000, 1024


@pytest.fixture
def standby(account: Account) -> Iterator[Vendor]:
    """Another account for the same model, which must not make what the first one's vendor refuses."""
    with Vendor().running() as other:
        assert isinstance(other, Vendor)
        open_account(other, "standby", standby_rank=1)
        yield other


def switch_account_off(account: Account) -> None:
    Account.objects.update(is_enabled=False)


def switch_model_off(account: Account) -> None:
    account.offers.update(is_enabled=False)


def delete_model(account: Account) -> None:
    account.offers.all().delete()


@pytest.mark.parametrize(
    ("act", "code"),
    [(switch_account_off, "switched_off"), (switch_model_off, "switched_off"), (delete_model, "unknown")],
)  # fmt: skip
def test_alias_without_an_account_that_is_on_is_refused_by_name(
    dora: APIClient, vendor: Vendor, account: Account, act: Callable[[Account], None], code: str
) -> None:
    act(account)
    body = {"prompt": PROMPT, "model": MODEL}
    for address in (GENERATE, "/api/v1/quote"):
        problem = refused(dora, address, body=body, expect=(400, "invalid_request", "model"))
        assert [error["code"] for error in problem["errors"]] == [code]
    assert work() == []
    assert vendor.asked == []


WRONG: dict[str, dict[str, Any]] = {
    "seed": {"seed": 7},
    "steps": {"steps": 5},
    "negative_prompt": {"negative_prompt": "a moon"},
    "width": {"width": LARGEST_SIDE + 16, "height": LARGEST_SIDE},
    "prompt": {"prompt": "x" * (LONGEST_PROMPT + 1)},
}


@pytest.mark.parametrize("field", WRONG)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_no_account_takes_is_refused_by_name_before_anybody_is_asked(
    dora: APIClient, vendor: Vendor, account: Account, field: str, language: str
) -> None:
    body = {"prompt": PROMPT, "model": MODEL} | WRONG[field]
    with nothing_moves():
        answer = dora.post(GENERATE, body, format="json", HTTP_ACCEPT_LANGUAGE=language)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "invalid_request")
    assert {error["field"] for error in told["errors"]} == {field}
    assert work() == []
    assert vendor.asked == []


def test_longest_prompt_reaches_the_vendor_whole(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    prompt = "星" * (LONGEST_PROMPT - 4) + " end"
    task = order(dora, prompt=prompt)
    assert work_on() == ["completed"]
    check(vendor, task, state="completed", captured=task.price)
    assert [asked.json["prompt"] for asked in vendor.asked] == [prompt]


@pytest.mark.parametrize("code", ["invalid_size", "string_above_max_length", "unknown_parameter"])
def test_what_the_vendor_itself_refuses_is_final_and_free(
    dora: APIClient, vendor: Vendor, standby: Vendor, code: str
) -> None:
    """A size or a prompt that the offer's row allows and the vendor does not: no other account is told of it."""
    vendor.faults = [envelope(400, code)]
    task = order(dora)
    assert work_on() == ["failed"]
    check(vendor, task, state="failed", captured=0, billed=0)
    assert (task.error_code, len(vendor.asked), standby.asked) == ("provider_refused", 1, [])
    assert code not in str(dora.get(f"/api/v1/tasks/{task}").json())
    assert code in Attempt.objects.get().error_detail


def test_wrong_key_is_paid_by_nobody_and_is_tried_by_no_order_that_comes_after(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    vendor.respond = lambda asked: envelope(401, "invalid_api_key")
    task = order(dora)
    assert work() == ["processing"]
    assert AccountKey.objects.get().resting_why == "refused"
    asked = len(vendor.asked)
    later = order(dora)
    assert work() == ["put_back"]
    assert len(vendor.asked) == asked == 1
    let_time_pass()
    assert work_on(20)[-1] == "failed"
    for one in (task, later):
        check(vendor, one, state="failed", captured=0, billed=0)
        assert one.error_code == "provider_unavailable"


def test_key_that_is_put_right_makes_what_waits(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    vendor.faults = [envelope(401, "invalid_api_key")]
    task = order(dora)
    assert work() == ["processing"]
    let_time_pass()
    assert work() == ["completed"]
    check(vendor, task, state="completed", captured=task.price)


def test_private_address_that_the_operator_no_longer_names_is_dialled_by_nobody(
    dora: APIClient, vendor: Vendor, account: Account, settings: Settings, monkeypatch: Any
) -> None:
    settings.PRIVATE_HOSTS = frozenset()
    dialled: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *words, **_: dialled.append(words))
    task = order(dora)
    assert set(work_on()) == {"processing", "failed"}
    assert (dialled, vendor.asked) == ([], [])
    check(vendor, task, state="failed", captured=0, billed=0)
    assert set(attempt_states(task)) == {"failed"}
    assert "127.0.0.1" not in str(dora.get(f"/api/v1/tasks/{task}").json())
    assert "127.0.0.1" in Attempt.objects.order_by("number")[0].error_detail


@pytest.mark.parametrize("table", [[], [{"quality": "high", "width": 512, "usd": 1}]], ids=str)
def test_missing_price_is_unknown_or_refused_and_never_nothing(
    dora: APIClient, vendor: Vendor, account: Account, settings: Settings, table: Any
) -> None:
    account.offers.update(usd_per_picture=None, prices=table)
    task = order(dora)
    assert work_on() == ["completed"]
    check(vendor, task, state="completed", captured=task.price)
    assert task.cost_usd is None
    assert dora.get(f"/api/v1/tasks/{task}").json()["cost_usd"] is None
    settings.MISSING_PRICE = "refuse"
    before = len(vendor.asked)
    body = {"prompt": PROMPT, "model": MODEL}
    refused(dora, GENERATE, body=body, expect=(409, "cost_unknown"))
    assert work() == []
    assert len(vendor.asked) == before


def test_every_refusal_of_a_vendor_is_one_post(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    for status in (400, 404, 405, 409, 410, 413, 415, 422, 451):
        vendor.asked.clear()
        vendor.faults = [Refused(status, {"error": {"message": "no", "code": "any"}})]
        task = order(dora)
        assert work_on() == ["failed"], status
        check(vendor, task, state="failed", captured=0, billed=0)
        assert len(vendor.asked) == 1, status
