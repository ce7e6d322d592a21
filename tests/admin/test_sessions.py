"""Staff see their sessions and end them, owners those of others; an end is felt at the next request."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from genhub.users.browsers import name_browser
from genhub.users.models import StaffSession, User
from tests.admin.conftest import Hire, signed_in
from tests.admin.phones import LOGIN, OWN, history, is_in, set_up, take, text
from tests.kept import delete

pytestmark = pytest.mark.django_db
OTHERS = reverse("admin:users_user_end_sessions")
RIGHT, REASON = "correct horse battery", {"reason": "Her laptop was stolen."}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0"


def sign_in(name: str = "carol", agent: str = FIREFOX, address: str = "198.51.100.7") -> Client:
    """Sign in by the page, as a browser at an address."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    answer = client.post(LOGIN, {"username": name, "password": RIGHT})
    assert answer.status_code == 302
    return client


@pytest.fixture
def carol(boss: Client) -> User:
    person = User.objects.get(username="carol")
    person.set_password(RIGHT)
    person.save()
    return person


def row_of(client: Client) -> StaffSession:
    return StaffSession.objects.get(session_key=client.session.session_key)


def end_own(client: Client, row: StaffSession) -> Any:
    return client.post(reverse("admin:users_user_end_session", args=[row.pk]))


def sessions_of(person: User) -> str:
    return reverse("admin:users_user_sessions", args=[person.pk])


def test_one_sees_ones_own_sessions_and_which_is_this(carol: User) -> None:
    here, there = sign_in(), sign_in(agent="curl/8.1", address="203.0.113.9")
    page = here.get(OWN).content.decode()
    lines = re.findall(r"<tr.*?</tr>", page, re.S)
    [mine] = [line for line in lines if "198.51.100.7" in line]
    [other] = [line for line in lines if "203.0.113.9" in line]
    assert "Firefox, Windows" in mine
    assert "this one" in mine
    assert "End" not in re.sub(r"Ends by itself", "", mine)
    assert "curl/8.1" in other
    assert reverse("admin:users_user_end_session", args=[row_of(there).pk]) in other
    assert "End all others" in page
    dave = User.objects.create_user("dave", is_staff=True)
    assert "203.0.113.9" not in signed_in(dave).get(OWN).content.decode()


def test_one_session_is_ended_at_the_next_request(carol: User) -> None:
    here, there = sign_in(), sign_in(address="203.0.113.9")
    row = row_of(there)
    assert "203.0.113.9" in text(here.get(reverse("admin:users_user_end_session", args=[row.pk])))
    assert is_in(there)
    assert end_own(here, row)["Location"] == OWN
    assert there.get(OWN).status_code == 302
    assert is_in(here)
    assert history()[-1] == "Ended 1 session."
    assert end_own(here, row).status_code == 404
    assert end_own(here, row_of(here)).status_code == 404


def test_all_others_are_ended_at_once(carol: User) -> None:
    here, *others = (sign_in() for _ in range(4))
    dave = signed_in(User.objects.create_user("dave", is_staff=True))
    assert is_in(dave)
    assert "End all your other sessions?" in text(here.get(OTHERS))
    assert here.post(OTHERS)["Location"] == OWN
    assert [is_in(client) for client in (here, dave, *others)] == [True, True, False, False, False]
    assert history()[-1] == "Ended 3 sessions."
    # Nothing is left to end, and nothing is noted of it.
    assert here.post(OTHERS).status_code == 200
    assert LogEntry.objects.count() == 1


def test_nobody_ends_anothers_as_if_it_were_theirs(carol: User, hire: Hire) -> None:
    carols, dave = sign_in(), hire()
    assert end_own(dave, row_of(carols)).status_code == 404
    assert dave.post(OTHERS).status_code == 200
    assert is_in(carols)


def test_an_owner_sees_and_ends_those_of_another(hire: Hire) -> None:
    User.objects.create_user("dave", password=RIGHT, is_staff=True)
    dave = User.objects.get(username="dave")
    first, second = sign_in("dave"), sign_in("dave", address="203.0.113.9")
    owner = hire("users.view_user", "users.end_sessions", name="olga")
    assert (
        sessions_of(dave)
        in owner.get(reverse("admin:users_user_change", args=[dave.pk])).content.decode()
    )
    page = owner.get(sessions_of(dave))
    assert {"198.51.100.7", "203.0.113.9"} <= set(text(page).split())
    one = f"{sessions_of(dave)}?session={row_of(second).pk}"
    assert one in page.content.decode()
    assert "198.51.100.7" not in text(owner.get(one))
    for reason in ({}, {"reason": "short"}):
        assert owner.post(one, reason).status_code == 200
        assert owner.post(sessions_of(dave), reason).status_code == 200
    assert is_in(first)
    assert is_in(second)
    assert owner.post(one, REASON).status_code == 302
    assert (is_in(first), is_in(second)) == (True, False)
    assert owner.post(one, REASON).status_code == 404
    third = sign_in("dave")
    assert owner.post(sessions_of(dave), REASON).status_code == 302
    assert not is_in(first)
    assert not is_in(third)
    assert history("dave") == [f"Ended {n} {REASON['reason']}" for n in ("1 session.", "2 sessions.")]  # fmt: skip
    assert "No session." in text(owner.get(sessions_of(dave)))
    assert owner.post(sessions_of(dave), REASON).status_code == 200


def test_page_of_anothers_leads_back_to_their_account(hire: Hire) -> None:
    hire(name="dave")
    person = User.objects.get(username="dave")
    owner = hire("users.view_user", "users.end_sessions", name="olga")
    page = owner.get(reverse("admin:users_user_sessions", args=[person.pk]))
    account = reverse("admin:users_user_change", args=[person.pk])
    # In the line above, and by the button.
    assert page.content.decode().count(f'href="{account}"') == 2


def test_who_may_end_whose(carol: User, hire: Hire) -> None:
    carols = sign_in()
    viewer = hire("users.view_user", name="vera")
    owner = hire("users.view_user", "users.end_sessions", name="olga")
    for client, name in ((viewer, "carol"), (viewer, "olga"), (owner, "carol"), (owner, "olga")):
        person = User.objects.get(username=name)
        assert client.get(sessions_of(person)).status_code == 403
        assert client.post(sessions_of(person), REASON).status_code == 403
        page = client.get(reverse("admin:users_user_change", args=[person.pk]))
        assert sessions_of(person) not in page.content.decode()
    assert is_in(carols)
    assert is_in(owner)
    olga = User.objects.get(username="olga")
    assert carols.get(reverse("admin:users_user_sessions", args=[0])).status_code == 404
    for wrong in ("x", "-1", "９９９９"):
        found = carols.get(f"{sessions_of(olga)}?session={wrong}")
        assert found.status_code == (404 if wrong.isdecimal() else 200)
    assert carols.post(sessions_of(olga), REASON).status_code == 302
    assert not is_in(owner)


def test_a_session_without_the_code_is_told_apart(carol: User) -> None:
    here = sign_in()
    _key, codes = set_up(here)
    there = sign_in(address="203.0.113.9")
    assert there.get(OWN).status_code == 302
    assert "the code was not told" in text(here.get(OWN))
    before = row_of(there)
    take(there, codes[0])
    assert "the code was not told" not in text(here.get(OWN))
    # The row follows the session under its new name.
    assert row_of(there).pk == before.pk
    assert end_own(here, row_of(there)).status_code == 302
    assert not is_in(there)


def test_a_changed_password_ends_the_others_in_the_list_too(carol: User) -> None:
    here, there = sign_in(), sign_in(address="203.0.113.9")
    new = {"old_password": RIGHT, "new_password1": "a new horse battery", "new_password2": "a new horse battery"}  # fmt: skip
    assert here.post(reverse("admin:password_change"), new).status_code == 302
    page = text(here.get(OWN))
    assert "this one" in page
    assert "203.0.113.9" not in page
    assert not is_in(there)


def test_signing_out_leaves_nothing(carol: User) -> None:
    here = sign_in()
    row = row_of(here)
    here.post(reverse("admin:logout"))
    assert not StaffSession.objects.filter(pk=row.pk).exists()
    # Who signs in over another's session ends it.
    both = sign_in()
    User.objects.create_user("dave", password=RIGHT, is_staff=True)
    both.post(LOGIN, {"username": "dave", "password": RIGHT})
    both.get(OWN)
    assert row_of(both).user.username == "dave"
    assert not StaffSession.objects.filter(user=carol, address="198.51.100.7").exists()


def test_a_session_of_before_is_noted_when_it_is_used(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("carol"))
    assert not StaffSession.objects.exists()
    assert is_in(client)
    [row] = StaffSession.objects.all()
    assert (row.session_key, row.address) == (client.session.session_key, "127.0.0.1")
    assert is_in(client)
    assert StaffSession.objects.get() == row


def test_calls_of_the_api_ask_nothing_of_it(carol: User, alice: APIClient) -> None:
    here = sign_in()
    alice.cookies["sessionid"] = str(here.session.session_key)
    asked: list[str] = []

    def listen(execute: Any, sql: str, *words: Any) -> Any:
        asked.append(sql)
        return execute(sql, *words)

    with connection.execute_wrapper(listen):
        assert alice.get("/api/v1/credits").status_code == 200
    assert asked
    assert not [sql for sql in asked if "session" in sql or "users_" in sql]


def test_an_end_is_no_way_round_while_a_request_is_under_way(carol: User) -> None:
    """A request that began before the end does not bring the session back."""
    here = sign_in()
    store = here.session
    assert store["noted_as"] == store.session_key
    Session.objects.all().delete()
    store["x"] = 1
    with pytest.raises(UpdateError):
        store.save()
    assert not is_in(here)


def test_what_has_run_out_goes(carol: User) -> None:
    old, new = sign_in(), sign_in()
    Session.objects.filter(session_key=old.session.session_key).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    assert len(re.findall("Firefox", new.get(OWN).content.decode())) == 1
    assert delete("sessions").rows == 1
    assert delete("staff_sessions").rows == 1
    assert is_in(new)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1", "Chrome, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 14; V2200 Build/x; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50", "WeChat, Android"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome, Linux"),
        ("<script>alert(1)</script>" * 9, ("<script>alert(1)</script>" * 9)[:60]),
        ("", "–"),
    ],
)  # fmt: skip
def test_browsers_are_called_as_people_call_them(said: str, name: str) -> None:
    assert name_browser(said) == name


def test_what_a_browser_says_of_itself_is_inert(carol: User) -> None:
    here = sign_in(agent="<script>alert(1)</script>" + "x" * 1000)
    page = here.get(OWN).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
