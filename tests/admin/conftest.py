"""Members of staff with different rights, and tasks to look at."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.template.response import SimpleTemplateResponse
from django.test import Client
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.users.models import StaffSession, User
from genhub.users.sessions import NOTED

# Tests are collected for each page before any of them asks for one.
admin.autodiscover()
Hire = Callable[..., Client]


def filled(answer: Any, **words: Any) -> dict[str, Any]:
    """Return what the form of a question's page would post, with these words filled in."""
    form = answer.context["question"].form
    return {field.name: str(field.value() or "") for field in form} | words


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's client."""
    return signed_in(User.objects.create_superuser("carol"))


@pytest.fixture
def hire(db: None) -> Hire:
    """A client of a member of staff with these permissions, such as `credits.grant_credits`."""

    def make(*permissions: str, name: str = "dave") -> Client:
        user = User.objects.create_user(name, is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            found = Permission.objects.get(content_type__app_label=app, codename=codename)
            user.user_permissions.add(found)
        return signed_in(user)

    return make


def signed_in(user: User) -> Client:
    """Sign in as one who has looked at a page already: pages that are counted note no session besides."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[NOTED] = session.session_key
    session.save()
    StaffSession.objects.create(
        user=user, session_key=str(session.session_key), address="127.0.0.1"
    )
    return client


@pytest.fixture
def unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are made, and not written out, which takes most of their time: a test that asks only what a form said of
    each of many wrong values reads it in their `context_data`."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")


@pytest.fixture
def finished(alice: APIClient, stub: Account) -> Callable[..., Task]:
    """Order as alice and run: by default one picture for 10 of her 100 credits."""

    def make(**words: Any) -> Task:
        body = {"prompt": "a star", "seed": 7} | words
        answer = alice.post("/api/v1/generate", body, format="json")
        assert answer.status_code == 202, answer.json()
        run_queue("local")
        return Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))

    return make
