"""Keys of accounts in the admin: written, used, and never seen again; renamed, switched off, replaced and deleted."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account, AccountKey, Attempt, Rest
from generation.work.run import run_queue
from tests.admin.conftest import Hire
from tests.admin.test_accounts import ADD, VALUES, page

pytestmark = pytest.mark.django_db
SECRET = "sk-one-0123456789-wxyz"
OTHER = "sk-two-9876543210-abcd"


@pytest.fixture
def vendor(db: None) -> Account:
    return Account.objects.create(alias="vendor", adapter="openai", queue="remote")


@pytest.fixture
def key(vendor: Account) -> AccountKey:
    row = AccountKey(account=vendor, name="first")
    row.keep(SECRET)
    row.save()
    return row


def rows(*keys: dict[str, Any]) -> dict[str, str]:
    """What the form of an account sends of its keys."""
    old = sum("id" in key for key in keys)
    found = {"keys-TOTAL_FORMS": str(len(keys)), "keys-INITIAL_FORMS": str(old)}
    for number, key in enumerate(keys):
        words = {"secret": "", "name": "", "is_enabled": "on"} | key
        found |= {f"keys-{number}-{name}": str(value) for name, value in words.items() if value is not None}  # fmt: skip
    return found


def save(client: Client, vendor: Account, *keys: dict[str, Any]) -> Any:
    return client.post(page(vendor), VALUES | {"adapter": "", "alias": ""} | rows(*keys))


def errors_of(answer: Any) -> str:
    assert answer.status_code == 200
    [formset] = answer.context_data["inline_admin_formsets"]
    return f"{formset.formset.errors} {formset.formset.non_form_errors()}"


def test_account_is_added_with_its_keys_and_no_page_shows_them(boss: Client) -> None:
    keys = rows({"secret": SECRET, "name": "first"}, {"secret": f"  {OTHER}\n"})
    words = VALUES | {"adapter": "openai", "alias": "vendor"} | keys
    assert boss.post(ADD, words).status_code == 302
    account = Account.objects.get()
    assert [key.secret() for key in account.keys.all()] == [SECRET, OTHER]
    assert not AccountKey.objects.filter(sealed__contains=SECRET).exists()
    for address in (page(account), reverse("admin:generation_account_changelist"),
                    page(account, "history")):  # fmt: skip
        html = boss.get(address).content.decode()
        assert SECRET not in html
        assert OTHER not in html
    html = boss.get(page(account)).content.decode()
    # What the database decides has no value yet in the row for a new key.
    assert "DatabaseDefault" not in html
    assert "…wxyz" in html
    assert "…abcd" in html


def test_refused_form_does_not_repeat_the_key(boss: Client, vendor: Account) -> None:
    answer = boss.post(page(vendor), VALUES | {"weight": "-1"} | rows({"secret": SECRET}))
    assert answer.status_code == 200
    assert SECRET not in answer.content.decode()
    assert not AccountKey.objects.exists()


@pytest.mark.parametrize(
    ("secret", "english", "chinese"),
    [
        ("", "Write the key itself", "请填写密钥"),
        ("sk-one two", "no space, no line break", "不能有空格"),
        ("sk-one\ntwo", "no space, no line break", "不能有空格"),
        ("sk-密钥", "no space, no line break", "不能有空格"),
        ("k" * 4001, "at most 4000 characters", "4000"),
    ],
    ids=lambda value: value[:12],
)
@pytest.mark.usefixtures("unwritten")
def test_what_is_no_key_is_refused(
    boss: Client, vendor: Account, secret: str, english: str, chinese: str
) -> None:
    wrong = {"secret": secret, "name": "first"}
    assert english in errors_of(save(boss, vendor, wrong))
    words = VALUES | rows(wrong)
    answer = boss.post(page(vendor), words, headers={"Accept-Language": "zh-hans"})
    assert chinese in errors_of(answer)
    assert not AccountKey.objects.exists()


@pytest.mark.parametrize("keys", [[], ["no key of Fernet's"]])
def test_without_a_key_of_the_hubs_own_none_is_kept_and_it_says_how_to_make_one(
    boss: Client, vendor: Account, settings: Settings, keys: list[str]
) -> None:
    settings.ENCRYPTION_KEYS = keys
    assert "Fernet.generate_key()" in errors_of(save(boss, vendor, {"secret": SECRET}))
    answer = boss.post(page(vendor), VALUES | rows({"secret": SECRET}), headers={"Accept-Language": "zh-hans"})  # fmt: skip
    assert "ENCRYPTION_KEYS" in errors_of(answer)
    assert "加密" in errors_of(answer)
    assert not AccountKey.objects.exists()


def test_key_is_renamed_and_switched_off_beside_what_workers_write(
    boss: Client, vendor: Account, key: AccountKey
) -> None:
    until = timezone.now() + timedelta(hours=1)
    AccountKey.objects.update(resting_until=until, resting_why=Rest.THROTTLED, failures=3)
    words = {"id": key.pk, "account": vendor.pk, "name": "old", "is_enabled": None}
    assert save(boss, vendor, words).status_code == 302
    key.refresh_from_db()
    assert (key.name, key.is_enabled, key.secret()) == ("old", False, SECRET)
    assert (key.resting_until, key.failures) == (until, 3)


def test_key_that_is_replaced_is_trusted_anew(
    boss: Client, vendor: Account, key: AccountKey
) -> None:
    until = timezone.now() + timedelta(hours=1)
    AccountKey.objects.update(resting_until=until, resting_why=Rest.REFUSED, failures=3, last_error="HTTP 401")  # fmt: skip
    assert save(boss, vendor, {"id": key.pk, "account": vendor.pk, "secret": OTHER}).status_code == 302  # fmt: skip
    key.refresh_from_db()
    assert (key.secret(), key.hint, key.resting_until, key.failures) == (OTHER, "abcd", None, 0)
    assert key.last_error == ""


def test_key_is_deleted_but_not_while_orders_are_asked_for_with_it(
    boss: Client, vendor: Account, key: AccountKey, stub: Account, alice: APIClient
) -> None:
    stub.keys.set([key])
    alice.post("/api/v1/generate", {"prompt": "stub:wait=60"}, format="json")
    run_queue("local")
    assert Attempt.objects.get().key == key
    AccountKey.objects.update(account=vendor)
    gone = {"id": key.pk, "account": vendor.pk, "DELETE": "on"}
    assert "at work" in errors_of(save(boss, vendor, gone))
    Attempt.objects.update(key=None)
    assert save(boss, vendor, gone).status_code == 302
    assert not AccountKey.objects.exists()


def test_each_deed_needs_its_right(hire: Hire, vendor: Account, key: AccountKey) -> None:
    account = ("generation.view_account", "generation.change_account")
    writer = hire(*account)
    html = writer.get(page(vendor)).content.decode()
    assert "…wxyz" not in html
    save(writer, vendor, {"secret": OTHER})
    reader = hire(*account, "generation.view_accountkey", name="erin")
    html = reader.get(page(vendor)).content.decode()
    assert "…wxyz" in html
    save(reader, vendor, {"id": key.pk, "account": vendor.pk, "DELETE": "on"})
    save(reader, vendor, {"id": key.pk, "account": vendor.pk, "secret": OTHER})
    assert AccountKey.objects.get().secret() == SECRET


def test_history_names_the_key_by_its_end_alone(boss: Client, vendor: Account) -> None:
    save(boss, vendor, {"secret": SECRET, "name": "first"})
    told = LogEntry.objects.latest("id").get_change_message()
    assert "first …wxyz" in told
    assert SECRET not in told
