"""Each door of the admin opens for those roles that may pass, and for nobody else, whichever way it is asked."""

import logging
from collections import Counter
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from genhub.users.models import User
from genhub.users.roles import ROLES, seed_roles
from templates.models import TemplateVersion
from tests.admin.conftest import signed_in
from tests.admin.doors import Door, list_deeds, list_doors
from tests.admin.test_pages import rows
from tests.admin.test_words import all_rows

__all__ = ["all_rows", "rows"]
pytestmark = [pytest.mark.django_db, pytest.mark.whole]
NAMES = [role.name.split()[0] for role in ROLES]
NOT_ALLOWED = 405


@pytest.fixture
def _without_looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A page is asked whether it opens, not how it looks: that, and to log refusals, would take most of the time."""
    logging.disable()
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    yield
    logging.disable(logging.NOTSET)


def ask(client: Client, method: str, address: str) -> Any:
    """Return how a door answers; what it did is undone, to be signed out too."""
    cookies = SimpleCookie(client.cookies)
    with transaction.atomic():
        answer = client.generic(method, address)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


@pytest.fixture
def doors(all_rows: None) -> list[Door]:
    return list(list_doors(User.objects.get(username="carol")))


def member(name: str) -> tuple[Client, Any]:
    """Return a client of a member of staff in this role, and a request of theirs."""
    person = User.objects.create_user("erin", is_staff=True)
    if name in NAMES:
        seed_roles(admin.site)
        person.groups.add(Group.objects.get(name__startswith=name))
    request: Any = RequestFactory().get("/")
    request.user = person
    return signed_in(person), request


@pytest.mark.usefixtures("_without_looks")
@pytest.mark.parametrize("name", [*NAMES, "nobody"])
def test_each_door_opens_for_those_who_may(doors: list[Door], name: str) -> None:
    client, request = member(name)
    seen: Counter[bool] = Counter()
    for door in doors:
        looked = ask(client, "GET", door.address).status_code
        may = door.may_look is None or door.may_look(request)
        seen[may] += 1
        if looked != NOT_ALLOWED:
            assert looked < 500, door
            assert (looked == door.refuses) == (not may), (door, looked)
        may_post = door.may_post is None or door.may_post(request)
        # What those may do who may is for its own tests, but where nothing else is to be asked.
        if not may_post or looked == NOT_ALLOWED:
            posted = ask(client, "POST", door.address).status_code
            assert (posted == door.refuses) == (not may_post), (door, posted)
    assert seen[True] > 20
    # The pages of what services alone write refuse owners, too.
    assert seen[False] > 50


@pytest.mark.usefixtures("_without_looks")
def test_whoever_is_not_signed_in_is_led_to_the_door(doors: list[Door]) -> None:
    for door in doors:
        for method in ("GET", "POST"):
            answer = ask(Client(), method, door.address)
            is_led = answer.status_code == 302 and "/admin/login/" in answer["Location"]
            assert is_led == (door.may_look is not None), (door, answer.status_code)


@pytest.mark.usefixtures("all_rows", "_without_looks")
@pytest.mark.parametrize("name", [*NAMES, "nobody"])
def test_deeds_of_lists_are_theirs_who_may(name: str) -> None:
    client, request = member(name)
    deeds = list(list_deeds())
    assert {"approve_chosen", "reject_chosen"} <= {deed.name for deed in deeds}
    for deed in deeds:
        may, opts = deed.may(request), deed.page.opts
        assert (deed.name in deed.page.get_actions(request)) == may, (name, deed.name)
        rows = deed.page.model._base_manager.order_by("pk")
        before = list(rows.values())
        if not may:
            words = {"action": deed.name, "_selected_action": [one["id"] for one in before]}
            client.post(reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"), words)
            assert list(rows.values()) == before, (name, deed.name)


def test_a_published_version_is_posted_by_nobody_without_the_right(rows: None) -> None:
    version = TemplateVersion.objects.filter(published_at__isnull=False)[0]
    address = reverse("admin:templates_templateversion_change", args=[version.pk])
    for name in ("Viewer", "nobody"):
        assert member(name)[0].post(address, {"name": "x"}).status_code == 403
        User.objects.get(username="erin").delete()
