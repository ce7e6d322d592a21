"""Guessing passwords is bounded by account and address, before a hash is made; nobody is locked out by strangers."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from genhub.lib import throttle
from genhub.lib.addresses import network_of
from genhub.users import signing_in
from genhub.users.models import User
from tests.admin.conftest import Hire
from tests.patience import patience

pytestmark = pytest.mark.django_db
LOGIN = reverse("admin:login")
RIGHT, WRONG = "correct horse battery", "wrong"


@pytest.fixture(autouse=True)
def _admin(db: None) -> None:
    User.objects.create_superuser("admin", password=RIGHT)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each password that is hashed."""
    made: list[int] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        made.append(1)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return made


def sign_in(password: str = WRONG, name: str = "admin", client: Client | None = None,
            **meta: Any) -> Any:  # fmt: skip
    words = {"username": name, "password": password}
    meta.setdefault("REMOTE_ADDR", "198.51.100.1")
    return (client or Client()).post(LOGIN, words, **meta)


def is_refused(answer: Any) -> bool:
    return bool(answer.status_code == 429)


def is_in(answer: Any) -> bool:
    return bool(answer.status_code == 302)


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def test_ninety_wrong_tries_are_refused_after_five_and_logged(
    hashes: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    answers = [sign_in(str(number)) for number in range(90)]
    assert [is_refused(answer) for answer in answers] == [False] * 5 + [True] * 85
    assert len(hashes) == 5
    assert 800 < int(answers[-1]["Retry-After"]) <= 900
    assert "Too many wrong tries" in text(answers[-1])
    assert re.search(r"Try again in 1[45] minutes", text(answers[-1]))
    lines = [record.getMessage() for record in caplog.records if "sign-in" in record.getMessage()]
    assert sum("refused" in line for line in lines) == 85
    assert sum(line == "wrong sign-in as 'admin' from 198.51.100.1" for line in lines) == 5
    # The right password is not looked at either, and nothing tells it apart.
    assert is_refused(sign_in(RIGHT))


def test_it_is_said_in_chinese(settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    sign_in()
    answer = sign_in(HTTP_ACCEPT_LANGUAGE="zh-hans")
    assert "分钟后" in text(answer)


def test_another_address_and_another_account_are_not_bound_by_it() -> None:
    for _ in range(9):
        sign_in()
    assert is_refused(sign_in(RIGHT))
    User.objects.create_user("dave", password=RIGHT, is_staff=True)
    assert is_in(sign_in(RIGHT, name="dave"))
    assert is_in(sign_in(RIGHT, REMOTE_ADDR="198.51.100.2"))


def test_right_tries_are_not_counted(settings: Settings) -> None:
    settings.LOGIN_TRIES = 2
    for _ in range(15):
        assert is_in(sign_in(RIGHT))
        assert is_in(sign_in(RIGHT))
        assert not is_refused(sign_in())


@pytest.mark.parametrize("name", ["admin", "ADMIN", " Admin ", "ａｄｍｉｎ"])
def test_spellings_of_a_name_count_together(settings: Settings, name: str) -> None:
    settings.LOGIN_TRIES = 2
    sign_in(), sign_in()
    assert is_refused(sign_in(name=name))


def test_an_address_may_not_try_many_accounts(settings: Settings, hashes: list[int]) -> None:
    settings.LOGIN_TRIES = 2
    answers = [sign_in(name=f"user{number}") for number in range(30)]
    assert [is_refused(answer) for answer in answers] == [False] * 20 + [True] * 10
    assert len(hashes) == 20


def test_many_addresses_may_not_try_one_account(settings: Settings, hashes: list[int]) -> None:
    settings.LOGIN_TRIES = 1
    answers = [sign_in(REMOTE_ADDR=f"198.51.100.{number}") for number in range(30)]
    assert [is_refused(answer) for answer in answers] == [False] * 20 + [True] * 10
    assert len(hashes) == 20


def test_strangers_do_not_lock_out_who_signed_in_before(settings: Settings) -> None:
    settings.LOGIN_TRIES = 2
    client = Client()
    assert is_in(sign_in(RIGHT, client=client))
    client.cookies.pop("sessionid")
    for number in range(60):
        sign_in(REMOTE_ADDR=f"198.51.100.{number}")
    sign_in(), sign_in()
    assert is_refused(sign_in(RIGHT))
    assert is_refused(sign_in(RIGHT, REMOTE_ADDR="203.0.113.9"))
    assert is_in(sign_in(RIGHT, client=client))
    # The known browser is bound by itself, and only known to its own account.
    assert [is_refused(sign_in(client=client)) for _ in range(3)] == [False, False, True]
    User.objects.create_user("dave", password=RIGHT, is_staff=True)
    tries = [is_refused(sign_in(name="dave", client=client)) for _ in range(3)]
    assert tries[-1]


def test_a_made_up_cookie_makes_no_browser_known(settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    sign_in()
    for value in ("x", "a:b:c", signing.dumps({"account": "x"}, salt="other")):
        client = Client()
        client.cookies[signing_in.COOKIE] = value
        assert is_refused(sign_in(RIGHT, client=client))


def test_the_cookie_is_kept_from_scripts_and_names_nobody() -> None:
    client = Client()
    cookie = sign_in(RIGHT, client=client).cookies[signing_in.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "admin" not in cookie.value
    assert signing_in.COOKIE not in sign_in().cookies
    # Who is no staff is let in nowhere, and known nowhere.
    User.objects.create_user("guest", password=RIGHT)
    assert signing_in.COOKIE not in sign_in(RIGHT, name="guest").cookies


@pytest.mark.parametrize(("is_behind", "refused"), [(True, False), (False, True)])
def test_forwarded_addresses_count_only_behind_our_proxy(
    settings: Settings, is_behind: bool, refused: bool
) -> None:
    settings.BEHIND_PROXY = is_behind
    settings.LOGIN_TRIES = 1
    sign_in(HTTP_X_FORWARDED_FOR="203.0.113.1")
    assert is_refused(sign_in(HTTP_X_FORWARDED_FOR="203.0.113.2")) is refused
    assert is_refused(sign_in(HTTP_X_FORWARDED_FOR="6.6.6.6, 203.0.113.1"))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"), ("192.0.2.7:443", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"), ("", ""), ("unknown", ""), ("1.2.3.4.5", ""),
    ],
)  # fmt: skip
def test_an_address_stands_for_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_one_network_of_ipv6_is_one_address(settings: Settings) -> None:
    settings.LOGIN_TRIES = 2
    tries = [is_refused(sign_in(REMOTE_ADDR=f"2001:db8::{number}")) for number in range(1, 4)]
    assert tries == [False, False, True]


def test_a_superuser_unlocks_an_account(boss: Client, hire: Hire, settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    sign_in()
    admin = User.objects.get(username="admin")
    address = reverse("admin:users_user_unlock_sign_in", args=[admin.pk])
    assert hire("users.view_user", "users.change_user").post(address).status_code == 403
    assert "forgotten" in text(boss.get(address))
    assert is_refused(sign_in(RIGHT))
    assert "admin may sign in again" in text(boss.post(address, follow=True))
    assert is_in(sign_in(RIGHT))
    history = boss.get(reverse("admin:users_user_history", args=[admin.pk]))
    assert "Unlocked" in text(history)


def test_an_unlocked_account_signs_in_where_too_many_others_were_tried(settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    for number in range(20):
        sign_in(name=f"nobody-{number}")
    assert is_refused(sign_in(RIGHT))
    signing_in.unlock("admin")
    assert is_refused(sign_in(RIGHT, name="nobody-0"))
    assert is_in(sign_in(RIGHT))


def test_the_command_unlocks_an_account(settings: Settings) -> None:
    settings.LOGIN_TRIES, settings.THROTTLE_URL = 1, settings.CELERY_BROKER_URL
    throttle.counters().shared.storage.reset()  # type: ignore[union-attr]
    sign_in()
    assert is_refused(sign_in(RIGHT))
    call_command("unlock", "admin")
    assert is_in(sign_in(RIGHT))
    with pytest.raises(CommandError, match="no account"):
        call_command("unlock", "nobody")


def test_counts_are_shared_by_processes(settings: Settings) -> None:
    settings.LOGIN_TRIES, settings.THROTTLE_URL = 2, settings.CELERY_BROKER_URL
    throttle.counters().shared.storage.reset()  # type: ignore[union-attr]
    sign_in(), sign_in()
    throttle.make_counters.cache_clear()
    assert is_refused(sign_in())
    assert (
        throttle.counters().shared.storage.get_expiry(  # type: ignore[union-attr]
            throttle.per(900, 2, "sign-in").key_for(
                signing_in.name_account("admin"), "0", "198.51.100.1"
            )
        )
        > 0
    )


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1/0", "redis+socket:///nowhere/at/all", "amqp://x"]
)
def test_without_the_broker_each_process_counts_by_itself(settings: Settings, url: str) -> None:
    settings.LOGIN_TRIES, settings.THROTTLE_URL = 3, url
    throttle.counters().own.storage.reset()
    throttle.counters().away_until = 0
    assert [is_refused(sign_in()) for _ in range(5)] == [False] * 3 + [True] * 2
    assert is_in(sign_in(RIGHT, REMOTE_ADDR="198.51.100.2"))


def test_few_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 at once: all but those in work are refused at once; the hash waits until they all are."""
    inside, most, all_refused = [0], [0], threading.Event()
    guard = threading.Lock()

    def slow(*args: Any, **words: Any) -> None:
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        assert all_refused.wait(patience())
        with guard:
            inside[0] -= 1

    monkeypatch.setattr(ModelBackend, "authenticate", slow)
    monkeypatch.setattr(signing_in, "address_of", lambda request: "here")
    refused: list[Any] = []

    def refuse(self: Any, request: Any, username: str, seconds: int) -> None:
        refused.append(seconds)
        if len(refused) == 22:
            all_refused.set()
        raise PermissionDenied

    monkeypatch.setattr(signing_in.ThrottledBackend, "refuse", refuse)
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda n: authenticate(None, username=f"u{n}", password="x"), range(24)))
    assert most == [2]
    assert refused == [signing_in.BUSY_SECONDS] * 22


def test_wrong_words_are_not_counted(settings: Settings) -> None:
    settings.LOGIN_TRIES = 1
    for _ in range(3):
        assert not is_refused(sign_in(password=""))
        assert not is_refused(sign_in(name=""))
    assert is_in(sign_in(RIGHT))
