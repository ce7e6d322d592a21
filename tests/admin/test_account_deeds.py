"""What staff do with an account at once: try its keys, and wake it; by POST, with the right, and on record."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from generation.models import Account, AccountKey, Rest
from tests.admin.conftest import Hire
from tests.admin.test_accounts import page
from tests.providers.vendors.server import Asked, Hang, Reply, Server

pytestmark = pytest.mark.django_db
GOOD, BAD = "sk-good-0123456789-wxyz", "sk-bad-9876543210-abcd"
LIST = reverse("admin:generation_account_changelist")
NEXT_HOUR = timedelta(hours=1)


def respond(asked: Asked) -> Reply:
    """Answer a list of models to the good key; to others a refusal that repeats the key, as some vendors do."""
    if asked.headers.get("authorization") != f"Bearer {GOOD}":
        told = {"error": {"code": "invalid_api_key", "message": f"Incorrect API key: {BAD}"}}
        return Reply(401, told)
    today = timezone.now().date()
    models = [{"id": "gpt-image-2.6-flare", "shutdown_date": None},
              {"id": "old-image", "shutdown_date": str(today + timedelta(days=3))},
              {"id": "older-image", "shutdown_date": str(today + timedelta(days=3))}]  # fmt: skip
    return Reply(200, {"data": models})


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(respond).running() as server:
        yield server


@pytest.fixture
def vendor(db: None, server: Server, settings: Settings) -> Account:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    account = Account.objects.create(alias="vendor", adapter="openai", queue="remote", base_url=f"{server.url}/v1")  # fmt: skip
    account.offers.create(alias="dall-e-3", vendor_model="old-image")
    return account


def give(account: Account, secret: str, **words: Any) -> AccountKey:
    key = AccountKey(account=account, **words)
    key.keep(secret)
    for name, value in words.items():
        setattr(key, name, value)
    key.save()
    return key


def shown(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_each_key_that_is_on_is_tried_and_what_came_back_is_shown(
    boss: Client, vendor: Account, server: Server
) -> None:
    give(vendor, GOOD)
    give(vendor, BAD)
    give(vendor, BAD, is_enabled=False)
    html = shown(boss.post(page(vendor, "try_it")))
    assert server.count("GET", "/v1/models") == len(server.asked) == 2
    for words in ("…wxyz", "works", "<dt>models</dt><dd>3</dd>",
                  "…abcd", "does not work", "the vendor refuses the key", "HTTP 401", "Incorrect API key: ***"):  # fmt: skip
        assert words in html, words
    assert GOOD not in html
    assert BAD not in html
    told = LogEntry.objects.get().get_change_message()
    assert "…wxyz: works; vendor …abcd: the vendor refuses the key" in told


def test_model_that_ends_soon_and_is_offered_is_warned_of(boss: Client, vendor: Account) -> None:
    give(vendor, GOOD)
    html = shown(boss.post(page(vendor, "try_it")))
    assert "old-image is switched off by its vendor on" in html
    assert "give dall-e-3 another model" in html
    assert "older-image is switched off" not in html


def test_key_that_works_is_woken_and_its_account_takes_orders(
    boss: Client, vendor: Account
) -> None:
    until = timezone.now() + NEXT_HOUR
    good = give(vendor, GOOD, resting_until=until, resting_why=Rest.REFUSED, failures=2)
    bad = give(vendor, BAD, resting_until=until, resting_why=Rest.REFUSED, failures=2)
    Account.objects.update(resting_until=until, resting_why=Rest.NO_KEY, failures=7)
    shown(boss.post(page(vendor, "try_it")))
    good.refresh_from_db()
    bad.refresh_from_db()
    vendor.refresh_from_db()
    assert (good.resting_until, good.resting_why, good.failures) == (None, "", 0)
    assert (bad.resting_until, bad.failures) == (until, 2)
    # Orders go there again, one at a time as after any failures.
    assert (vendor.resting_until, vendor.failures) == (None, 7)


def test_spend_limit_is_not_ended_by_a_test(boss: Client, vendor: Account) -> None:
    give(vendor, GOOD)
    until = timezone.now() + NEXT_HOUR
    Account.objects.update(resting_until=until, resting_why=Rest.SPENT)
    shown(boss.post(page(vendor, "try_it")))
    assert Account.objects.get().resting_until == until


def test_without_a_key_nothing_is_asked(boss: Client, vendor: Account, server: Server) -> None:
    give(vendor, GOOD, is_enabled=False)
    assert "no key that is switched on" in shown(boss.post(page(vendor, "try_it")))
    assert server.asked == []


def test_key_that_no_key_of_the_hub_opens_is_told(
    boss: Client, vendor: Account, settings: Settings
) -> None:
    give(vendor, GOOD)
    settings.ENCRYPTION_KEYS = []
    assert "ENCRYPTION_KEYS opens this key" in shown(boss.post(page(vendor, "try_it")))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(503, {"error": {"message": "overloaded"}}), "server failed"),
        (Reply(502, b"<html>"), "came from a gateway"),
        (Reply(200, b"<html>"), "no answer that could be read"),
        (Reply(404, {"error": {"message": "no such path"}}), "is the address the right one?"),
        (Reply(429, {"error": {"code": "insufficient_quota"}}), "nothing left to pay with"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_a_failure_means_is_said_and_nothing_rests_for_it(
    boss: Client, vendor: Account, server: Server, reply: Reply, words: str
) -> None:
    key = give(vendor, GOOD)
    server.faults = [reply]
    assert words in shown(boss.post(page(vendor, "try_it")))
    key.refresh_from_db()
    vendor.refresh_from_db()
    assert (key.resting_until, vendor.resting_until, vendor.failures) == (None, None, 0)


def test_vendor_that_never_answers_is_not_waited_for_as_long_as_for_a_picture(
    boss: Client, vendor: Account, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.accounts.trial.ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("generation.accounts.trial.WHOLE_SECONDS", 0.1)
    give(vendor, GOOD)
    give(vendor, BAD)
    server.faults = [Hang()]
    html = shown(boss.post(page(vendor, "try_it")))
    assert "does not work" in html
    assert "the others took too long" in html
    assert server.count("GET", "/v1/models") == 1


def test_adapter_that_breaks_is_told_and_its_words_hide_the_key(
    boss: Client, vendor: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    give(vendor, GOOD)

    def check(self: Any) -> Any:
        raise ValueError(f"cannot use {self.account.key}")

    monkeypatch.setattr("generation.providers.vendors.openai.OpenAIProvider.check", check)
    html = shown(boss.post(page(vendor, "try_it")))
    assert "the adapter broke" in html
    assert GOOD not in html
    assert "the check of vendor broke" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_vendor_is_asked(
    boss: Client, vendor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(vendor, GOOD)
    inside = []

    def check(self: Any) -> Any:
        inside.append(transaction.get_connection().in_atomic_block)
        return {}

    monkeypatch.setattr("generation.providers.vendors.openai.OpenAIProvider.check", check)
    html = shown(boss.post(page(vendor, "try_it")))
    assert inside == [False]
    assert "answered as it should" in html


def test_page_alone_asks_nobody(boss: Client, vendor: Account, server: Server) -> None:
    give(vendor, GOOD)
    assert "Test now" in shown(boss.get(page(vendor, "try_it")))
    assert server.asked == []


def test_adapter_without_such_a_call_offers_no_test(boss: Client, stub: Account) -> None:
    html = shown(boss.get(page(stub)))
    assert page(stub, "try_it") not in html


def test_account_and_keys_are_woken_and_it_is_on_record(boss: Client, vendor: Account) -> None:
    until = timezone.now() + NEXT_HOUR
    key = give(vendor, GOOD, resting_until=until, resting_why=Rest.NO_QUOTA, failures=2)
    assert page(vendor, "wake_it") in shown(boss.get(page(vendor)))
    Account.objects.update(resting_until=until, resting_why=Rest.FAILING, failures=6, next_slot_at=until)  # fmt: skip
    html = shown(boss.get(page(vendor, "wake_it")))
    assert "it fails again and again" in html
    assert "nothing left to pay with" in html
    assert Account.objects.get().resting_until == until
    assert boss.post(page(vendor, "wake_it")).status_code == 302
    key.refresh_from_db()
    vendor.refresh_from_db()
    assert (key.resting_until, key.failures) == (None, 0)
    assert (vendor.resting_until, vendor.failures, vendor.next_slot_at) == (None, 0, None)
    assert LogEntry.objects.get().get_change_message() == "Woken."
    assert page(vendor, "wake_it") not in shown(boss.get(page(vendor)))


def test_deeds_need_the_right_to_change(hire: Hire, vendor: Account, server: Server) -> None:
    give(vendor, GOOD)
    until = timezone.now() + NEXT_HOUR
    Account.objects.update(resting_until=until, resting_why=Rest.FAILING)
    reader = hire("generation.view_account", "generation.view_accountkey")
    for deed in ("try_it", "wake_it"):
        assert reader.post(page(vendor, deed)).status_code == 403
        assert reader.get(page(vendor, deed)).status_code == 403
    assert server.asked == []
    assert Account.objects.get().resting_until == until
    writer = hire("generation.view_account", "generation.change_account", name="erin")
    shown(writer.post(page(vendor, "try_it")))
    assert len(server.asked) == 1


def test_list_says_at_a_glance_how_accounts_stand(boss: Client, vendor: Account) -> None:
    assert "no key that can be used" in shown(boss.get(LIST))
    give(vendor, GOOD)
    give(vendor, BAD, is_enabled=False)
    Account.objects.update(concurrency=8, last_error="HTTP 500: it broke", last_error_at=timezone.now())  # fmt: skip
    html = shown(boss.get(LIST))
    for words in ("in use", "0 / 8", "1 / 2", "HTTP 500: it broke"):
        assert words in html, words
    Account.objects.update(resting_until=timezone.now() + NEXT_HOUR, resting_why=Rest.FAILING)
    assert "it fails again and again" in shown(boss.get(LIST))
    Account.objects.update(resting_until=timezone.now() - NEXT_HOUR, failures=5)
    assert "one order at a time" in shown(boss.get(LIST))
    Account.objects.update(is_enabled=False)
    assert ">off<" in "".join(shown(boss.get(LIST)).split())
