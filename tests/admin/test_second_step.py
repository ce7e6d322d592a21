"""A second step of signing in: set up, asked for, used once, bounded; nobody goes round it."""

import base64
from typing import Any

import pytest
from django.conf import settings as hub
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from genhub.lib import throttle
from genhub.lib.sealing import seal
from genhub.users import second_step, signing_in
from genhub.users.models import RecoveryCode, SecondStep, User
from tests.admin.conftest import Hire
from tests.admin.phones import (
    ASK,
    CODES,
    INDEX,
    LOGIN,
    OWN,
    REMOVE,
    SET_UP,
    code_of,
    come_back,
    history,
    is_in,
    key_on,
    set_up,
    take,
    text,
)

pytestmark = pytest.mark.django_db
RIGHT = "correct horse battery"


def test_it_is_set_up_and_asked_for_after_the_password(boss: Client) -> None:
    key, codes = set_up(boss)
    assert is_in(boss)
    client = come_back()
    answer = client.get(OWN)
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"{ASK}?next=%2Fadmin%2Fusers%2Fuser%2Fown%2F",
    )
    page = client.get(answer["Location"])
    assert "Type the code that your phone shows now" in text(page)
    assert "no-store" in page["Cache-Control"]
    assert take(client, code_of(key, 1), next=OWN)["Location"] == OWN
    assert is_in(client)
    assert client.get(ASK)["Location"] == INDEX
    assert codes[0] not in text(client.get(OWN))
    assert "Recovery codes left: 10" in text(client.get(OWN))
    assert history() == ["Set the second step up."]


def test_the_page_shows_the_key_as_a_picture_that_phones_read(boss: Client) -> None:
    page = boss.get(SET_UP)
    assert "no-store" in page["Cache-Control"]
    sealed = boss.session["second_step_key"]
    assert key_on(page) == second_step.open_key(sealed)
    person = User.objects.create_user("zhang san/x")
    assert second_step.address_key(person, sealed) == (
        "otpauth://totp/GenHub:zhang%20san%2Fx?secret="
        f"{base64.b32encode(key_on(page)).decode()}&issuer=GenHub"
    )
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()


def test_a_wrong_code_sets_nothing_up(boss: Client) -> None:
    key = key_on(boss.get(SET_UP))
    for wrong in ("", "12345", "abcdef", code_of(key, 20), "１２３４５６", "9" * 30, "\0"):
        answer = boss.post(SET_UP, {"code": wrong})
        assert answer.status_code in {200, 429}, wrong
        throttle.counters().own.storage.reset()
    assert not SecondStep.objects.exists()
    # The phone has read the key already: it stays the same while it is tried.
    assert key_on(boss.get(SET_UP)) == key
    assert come_back().get(OWN).status_code == 200


def test_a_code_is_used_once_and_none_before_it_counts(boss: Client) -> None:
    key, _codes = set_up(boss)
    later = code_of(key, 1)
    assert take(come_back(), code_of(key)).status_code == 200
    assert take(come_back(), later).status_code == 302
    for used in (later, code_of(key), code_of(key, -1)):
        client = come_back()
        answer = take(client, used)
        assert "wrong, or was used before" in text(answer)
        assert not is_in(client)


def test_a_recovery_code_is_used_once_and_noted(boss: Client) -> None:
    _key, codes = set_up(boss)
    client = come_back()
    spoken = codes[0].replace("-", " ").upper()
    assert take(client, spoken).status_code == 302
    assert "Signed in with a recovery code; 9 are left." in text(client.get(INDEX))
    assert take(come_back(), codes[0]).status_code == 200
    for code in codes[1:9]:
        assert take(come_back(), code).status_code == 302
    assert take(come_back(), codes[9]).status_code == 302
    assert history()[-1] == "Signed in with a recovery code; 0 are left."
    assert not RecoveryCode.objects.exists()


def test_keys_and_codes_are_nowhere_as_they_are(boss: Client) -> None:
    key, codes = set_up(boss)
    secrets = {key.hex(), base64.b32encode(key).decode(), *codes, *(c.replace("-", "") for c in codes)}  # fmt: skip
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 (our own tables)
            for (row,) in cursor.fetchall():
                assert not [secret for secret in secrets if secret in row.lower()], table
    kept = [session.get_decoded() for session in Session.objects.all()]
    assert not [secret for secret in secrets if secret in str(kept).lower()]


def test_while_it_is_set_up_the_session_keeps_the_key_sealed(boss: Client) -> None:
    key = key_on(boss.get(SET_UP))
    assert key.hex() not in str(boss.session.load())


def test_wrong_codes_are_refused_after_five_and_logged(
    boss: Client, caplog: pytest.LogCaptureFixture
) -> None:
    key, codes = set_up(boss)
    # From everywhere together: each browser is a new one, that just told the right password.
    answers = [take(come_back(), "000000", next=OWN) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert 800 < int(answers[-1]["Retry-After"]) <= 900
    assert "Too many wrong tries" in text(answers[-1])
    # The right ones are not looked at either.
    for right in (code_of(key, 1), codes[0]):
        assert take(come_back(), right).status_code == 429
    for address in (CODES, REMOVE):
        assert boss.post(address, {"code": codes[0]}).status_code == 429
    lines = [record.getMessage() for record in caplog.records]
    assert sum(line == "wrong second step as 'carol' from 127.0.0.1" for line in lines) == 5
    assert sum("second step as 'carol' from 127.0.0.1 refused" in line for line in lines) == 7
    assert "000000" not in "".join(lines)
    signing_in.unlock("carol")
    assert take(come_back(), codes[0]).status_code == 302


def test_setting_up_is_bounded_too(boss: Client, settings: Settings) -> None:
    settings.LOGIN_TRIES = 2
    key = key_on(boss.get(SET_UP))
    tries = [boss.post(SET_UP, {"code": "000000"}).status_code for _ in range(3)]
    assert tries == [200, 200, 429]
    assert boss.post(SET_UP, {"code": code_of(key)}).status_code == 429
    assert not SecondStep.objects.exists()


def test_right_codes_are_not_counted(boss: Client, settings: Settings) -> None:
    settings.LOGIN_TRIES = 2
    _key, codes = set_up(boss)
    for code in codes:
        assert take(come_back(), code).status_code == 302
        assert take(come_back(), "000000").status_code == 200


def test_nothing_is_open_before_the_step_but_its_door(boss: Client, hire: Hire) -> None:
    set_up(boss)
    client = come_back()
    for address in (
        INDEX, OWN, SET_UP, CODES, REMOVE, LOGIN, "/admin/search/?s=x", "/admin/nowhere",
        reverse("admin:users_user_changelist"), reverse("admin:password_change"),
    ):  # fmt: skip
        for answer in (client.get(address), client.post(address, {"code": "x"})):
            assert answer.status_code == 302, address
            assert answer["Location"].startswith(f"{ASK}?next="), address
    assert client.get("/playground/").status_code == 302
    assert LOGIN in client.get("/playground/")["Location"]
    assert is_in(boss)
    assert boss.get("/playground/").status_code == 200
    assert client.post(reverse("set_language"), {"language": "zh-hans"}).status_code == 302
    assert "恢复码" in text(client.get(ASK))
    client.post(reverse("admin:logout"))
    assert client.get(OWN)["Location"].startswith(LOGIN)


def test_a_password_alone_signs_in_as_before(boss: Client) -> None:
    User.objects.create_user("dave", password=RIGHT, is_staff=True)
    client = Client()
    assert client.post(LOGIN, {"username": "dave", "password": RIGHT}).status_code == 302
    assert is_in(client)
    assert "Your password alone signs you in" in text(client.get(OWN))
    for address in (CODES, REMOVE, ASK):
        assert client.post(address, {"code": "000000"}).status_code == 302
    assert is_in(client)


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_door_leads_to_this_site_alone(boss: Client, wanted: str) -> None:
    _key, codes = set_up(boss)
    assert take(come_back(), codes[0], next=wanted)["Location"] == INDEX


def test_the_session_gets_a_new_name_with_the_step(boss: Client) -> None:
    _key, codes = set_up(boss)
    client = come_back()
    before = client.session.session_key
    take(client, codes[0])
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_step_by_the_phone_before_does_not_count(boss: Client) -> None:
    _key, codes = set_up(boss)
    other = come_back()
    take(other, codes[0])
    assert is_in(other)
    boss.post(REMOVE, {"code": codes[1]})
    assert is_in(other)
    set_up(boss)
    assert not is_in(other)
    assert take(other, codes[2]).status_code == 200


def test_who_must_have_one_does_nothing_before(boss: Client, settings: Settings) -> None:
    settings.SECOND_STEP_REQUIRED = True
    for address in (INDEX, OWN, ASK, CODES, REMOVE, reverse("admin:users_user_changelist")):
        answer = boss.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith(f"{SET_UP}?next="), address
    assert boss.get("/playground/").status_code == 302
    page = boss.get(SET_UP)
    assert "asks all its staff" in text(page)
    assert "Sign in as somebody else" in text(page)
    _key, codes = set_up(boss)
    assert is_in(boss)
    # Who removes it sets another up before anything else.
    boss.post(REMOVE, {"code": codes[0]})
    assert boss.get(OWN)["Location"].startswith(SET_UP)


def test_pages_cost_no_further_query(boss: Client, django_assert_num_queries: Any) -> None:
    with connection.execute_wrapper(count := Counter()):
        boss.get(OWN)
    before = count.queries
    set_up(boss)
    with connection.execute_wrapper(count := Counter()):
        boss.get(OWN)
    # How many recovery codes are left is what this page alone tells.
    assert count.queries == before + 1


class Counter:
    """Counts what is sent to the database."""

    queries = 0

    def __call__(self, execute: Any, *words: Any) -> Any:
        self.queries += 1
        return execute(*words)


def test_sealed_keys_are_the_hubs_own_kind() -> None:
    assert hub.ENCRYPTION_KEYS
    assert second_step.open_key(seal("00ff")) == b"\x00\xff"
