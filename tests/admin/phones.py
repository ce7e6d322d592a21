"""A phone that tells codes, and staff who sign in with it."""

import base64
import re
from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP

from genhub.users.models import User
from tests.admin.conftest import signed_in

ASK, SET_UP, CODES, REMOVE = (
    reverse(f"admin:users_user_second_step{way}") for way in ("", "_set_up", "_codes", "_remove")
)
OWN, INDEX, LOGIN = (reverse(f"admin:{name}") for name in ("users_user_own", "index", "login"))


def code_of(key: bytes, later: int = 0) -> str:
    """Return the code that a phone shows so many times 30 seconds later."""
    clock = TOTP(key)
    clock.drift = later
    return f"{clock.token():06}"


def key_on(answer: Any) -> bytes:
    """Return the key that the page spells."""
    text = re.findall(r'id="key">([A-Z2-7 ]+)<', answer.content.decode())[0]
    return base64.b32decode(text.replace(" ", ""))


def set_up(client: Client) -> tuple[bytes, list[str]]:
    """Set a second step up, and return its key and the recovery codes."""
    key = key_on(client.get(SET_UP))
    answer = client.post(SET_UP, {"code": code_of(key)})
    codes = re.findall(r"<code[^>]*>([a-z2-7-]{19})<", answer.content.decode())
    assert len(set(codes)) == 10
    return key, codes


def come_back(name: str = "carol") -> Client:
    """Sign in with the password alone."""
    return signed_in(User.objects.get(username=name))


def take(client: Client, code: str, **words: str) -> Any:
    return client.post(ASK, {"code": code, **words})


def is_in(client: Client) -> bool:
    return client.get(OWN).status_code == 200


def history(name: str = "carol") -> list[str]:
    person = User.objects.get(username=name)
    rows = LogEntry.objects.filter(object_id=str(person.pk)).order_by("pk")
    return [row.get_change_message() for row in rows]


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())
