"""What operators type: keys and audits, readable by people and by programs."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from rest_framework.test import APIClient

from credits.models import Transfer
from generation.models import Account
from genhub.platforms.models import ApiKey, Platform, Scope
from genhub.users.models import User
from templates.models import Style, Template

pytestmark = pytest.mark.django_db


def run_json(*words: str) -> Any:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_issued_key_opens_the_api_with_its_credits() -> None:
    answer = run_json("issue_key", "press", "--user", "alice", "--grant", "30")
    assert (answer["platform"], answer["user"]) == ("press", "alice")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['key']}")
    assert client.get("/api/v1/credits").json()["available"] == 30


def test_key_is_stored_as_a_hash_only() -> None:
    key = run_json("issue_key", "press")["key"]
    row = ApiKey.objects.get()
    assert key.startswith(row.prefix)
    assert key not in str(vars(row))


def test_issued_key_has_the_scopes_asked_for() -> None:
    run_json("issue_key", "press", "--scope", "tasks:read")
    assert ApiKey.objects.get().scopes == ["tasks:read"]


def test_key_without_scopes_has_what_the_help_says(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("issue_key", "--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "(default: all but credits:grant, data:erase, keys:rotate)" in said
    run_json("issue_key", "press")
    assert set(Scope.values) - set(ApiKey.objects.get().scopes) == {
        "credits:grant", "keys:rotate", "data:erase",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--grant", "5"), "--grant needs --user"),
        (("--user", "alice", "--grant", "-5"), "whole numbers from 1"),
        (("--scope", "everything"), "invalid choice"),
    ],
)
def test_refused_key_leaves_nothing(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run_json("issue_key", "press", *words)
    assert not Platform.objects.exists()
    assert not ApiKey.objects.exists()
    assert not Transfer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_audit_of_right_books_is_ok() -> None:
    run_json("issue_key", "press", "--user", "alice", "--grant", "30")
    assert run_json("audit")["ok"] is True


@pytest.mark.django_db(transaction=True)
def test_audit_of_wrong_books_says_which_and_fails() -> None:
    run_json("issue_key", "press", "--user", "alice", "--grant", "30")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE credits_purse SET available = available + 1")
    out = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("audit", "--json", stdout=out, stderr=StringIO())
    assert caught.value.code == 1
    answer = json.loads(out.getvalue())
    assert answer["ok"] is False
    assert {finding["check"] for finding in answer["findings"]} == {
        "accounts_sum_to_zero", "cached_balance_equals_transfers"
    }  # fmt: skip


def test_seeding_twice_changes_nothing_and_keeps_what_staff_changed() -> None:
    call_command("seed", stderr=StringIO())
    assert Template.objects.filter(published__isnull=False).count() == 3
    assert list(Style.objects.values_list("code", flat=True)) == [
        "default", "photorealistic", "illustration", "anime", "oil_painting"
    ]  # fmt: skip
    Style.objects.filter(code="anime").update(suffix_en="our own words")
    Account.objects.filter(alias="local").update(is_enabled=False)
    call_command("seed", stderr=StringIO())
    assert Style.objects.get(code="anime").suffix_en == "our own words"
    assert not Account.objects.get(alias="local").is_enabled
    assert User.objects.filter(is_superuser=True).count() == 1
