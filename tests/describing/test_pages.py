"""Staff configure a vision model: its key is sealed, its address is looked at, and a button tries it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from generation.models import Describer
from tests.admin.conftest import boss, hire
from tests.describing.conftest import SEEN, completion, shown
from tests.providers.vendors.server import Reply, Server

__all__ = ["boss", "hire"]
pytestmark = pytest.mark.django_db
Make = Callable[..., Describer]
SECRET = "sk-0123456789abcdef"
WORDS = {
    "alias": "eyes", "model": "sees-1", "rank": "0", "is_enabled": "on", "connect_seconds": "3", "answer_seconds": "30",
    "options": "{}", "secret": SECRET,
}  # fmt: skip


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:generation_describer_{name}", args=args)


def test_key_is_written_and_never_shown_and_strangers_addresses_are_refused(
    boss: Client, settings: Settings
) -> None:
    settings.PRIVATE_HOSTS = frozenset({"eyes.lan"})
    for more, message in (
        ({"base_url": "http://10.0.0.1/v1"}, "private network"),
        ({"base_url": "http://api.example.com/v1"}, "plain http"),
        ({"is_in_house": "on"}, "PRIVATE_HOSTS"),
        ({"model": ""}, "This field is required"),
        ({"answer_seconds": "121"}, "less than or equal to 120"),
        ({"options": "["}, "not valid JSON"),
    ):
        assert message in boss.post(page("add"), WORDS | more).content.decode(), more
    own = WORDS | {"base_url": "http://eyes.lan/v1", "is_in_house": "on"}
    assert boss.post(page("add"), own).status_code == 302
    row = Describer.objects.get()
    assert (row.secret(), row.hint, row.is_in_house) == (SECRET, "cdef", True)
    assert SECRET not in row.sealed
    for address in (page("change", row.pk), page("changelist")):
        assert SECRET not in boss.get(address).content.decode()
    Describer.objects.update(failures=7)
    assert boss.post(page("change", row.pk), own | {"secret": "", "model": "sees-2"}).status_code == 302  # fmt: skip
    row.refresh_from_db()
    assert (row.model, row.secret(), row.failures) == ("sees-2", SECRET, 7)
    boss.post(page("change", row.pk), own | {"secret": "sk-another-0123456789"})
    row.refresh_from_db()
    assert (row.secret(), row.failures) == ("sk-another-0123456789", 0)


def test_button_shows_the_model_a_picture_of_the_hubs_own(
    boss: Client, server: Server, model: Make
) -> None:
    row = model()
    asks = boss.get(page("try_it", row.pk)).content.decode()
    assert "Test now" in asks
    assert server.asked == []
    server.respond = lambda asked: completion(f"<b>{SEEN}</b>")
    said = boss.post(page("try_it", row.pk)).content.decode()
    assert f"&lt;b&gt;{SEEN}&lt;/b&gt;" in said
    assert shown(server.asked[0]).size == (256, 256)
    assert LogEntry.objects.latest("pk").get_change_message() == "Tested: works"
    for reply, words in (
        (
            Reply(401, {"error": {"message": "no: secret-key-of-the-test"}}),
            "the vendor refuses the key",
        ),
        (completion("-"), "does not describe the picture"),
        (Reply(200, b"<html>"), "no answer that could be read"),
    ):
        server.respond = lambda asked, reply=reply: reply  # type: ignore[misc]
        said = boss.post(page("try_it", row.pk)).content.decode()
        assert words in said
        assert "secret-key" not in said
    row.refresh_from_db()
    assert (row.failures, row.last_error) == (0, "")
    Describer.objects.update(sealed="rubbish")
    assert "not usable" in boss.post(page("try_it", row.pk)).content.decode()


def test_who_may_only_look_tries_nothing(
    hire: Callable[..., Client], server: Server, model: Make
) -> None:
    row = model()
    reader = hire("generation.view_describer")
    assert reader.get(page("change", row.pk)).status_code == 200
    assert reader.post(page("try_it", row.pk)).status_code == 403
    assert server.asked == []
