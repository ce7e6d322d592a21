"""The servers that the handbook shows hand out tokens to those who are signed in, and to nobody else."""

import json
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django.live_server_helper import LiveServer

from genhub.handbook.rendering import FOLDER
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.models import ApiKey, Platform
from genhub.users.models import User
from tests.handbook.documents import read_blocks

pytestmark = pytest.mark.django_db(transaction=True)
[DJANGO, WAGTAIL] = [
    block.code for block in read_blocks(FOLDER / "en" / "panel.md") if block.kind == "py"
]


@pytest.fixture
def view(
    live_server: LiveServer, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., HttpResponse]:
    """What an app's author copies out of the handbook, as it stands there."""
    monkeypatch.setenv("GENHUB_URL", live_server.url)
    monkeypatch.setenv("GENHUB_KEY", ApiKey.objects.issue(shop, name="server")[1])
    words: dict[str, Any] = {}
    exec(compile(DJANGO, "panel.md", "exec"), words)  # noqa: S102 (our own page)
    return words["hub_token"]  # type: ignore[no-any-return]


def ask(view: Callable[..., HttpResponse], method: str, user: Any) -> HttpResponse:
    request = RequestFactory().generic(method, "/hub-token", headers={"host": "localhost:5173"})
    request.user = user
    return view(request)


def test_django_view_hands_out_a_token_of_its_user(
    view: Callable[..., HttpResponse], settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    user = User.objects.create_user("dora")
    answer = ask(view, "POST", user)
    assert answer.status_code == 200
    found = tokens.find(json.loads(answer.content)["token"])
    assert found is not None
    assert (found.user, found.origins) == (str(user.pk), ["http://localhost:5173"])
    assert ask(view, "POST", AnonymousUser()).status_code == 302
    assert ask(view, "GET", user).status_code == 405


def test_wagtails_hooks_lead_to_the_view_and_bring_the_module(
    view: Callable[..., HttpResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wagtail itself is no dependency: its `hooks.register(name)` keeps functions, which its admin calls."""
    hooked: dict[str, Callable[[], Any]] = {}

    def register(name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
        return lambda function: hooked.setdefault(name, function)

    hooks = ModuleType("wagtail")
    hooks.hooks = SimpleNamespace(register=register)  # type: ignore[attr-defined]
    app, views = ModuleType("app"), ModuleType("app.views")
    views.hub_token = view  # type: ignore[attr-defined]
    for name, module in (("wagtail", hooks), ("app", app), ("app.views", views)):
        monkeypatch.setitem(sys.modules, name, module)
    exec(compile(WAGTAIL, "panel.md", "exec"), {"__package__": "app"})  # noqa: S102 (our own page)
    [address] = hooked["register_admin_urls"]()
    assert (address.callback, str(address.pattern)) == (view, "hub-token/")
    script = str(hooked["insert_editor_js"]())
    assert (
        script
        == '<script type="module" src="https://hub.example.com/static/genhub/panel/panel.js"></script>'
    )
    assert ask(address.callback, "POST", AnonymousUser()).status_code == 302


def test_samples_are_short() -> None:
    for code in (DJANGO, WAGTAIL):
        assert len([line for line in code.splitlines() if line]) <= 15
