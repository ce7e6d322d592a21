"""Browser tokens as staff see them: whose, for which pages, how far; ended at once, their secrets shown nowhere."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from genhub.platforms.browser_tokens.models import BrowserToken
from genhub.platforms.models import ApiKey
from tests.admin.conftest import Hire
from tests.tokens.conftest import APP, Mint, app, browser, mint

__all__ = ["app", "mint"]
pytestmark = pytest.mark.django_db


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:platforms_browsertoken_{name}", args=args)


def test_token_is_shown_without_its_secret_and_revoked(boss: Client, mint: Mint) -> None:
    made = mint(max_credits=4711)
    row = BrowserToken.objects.get()
    secret = made["token"].partition(".")[2]
    for address in (page("changelist"), page("change", row.pk), page("revoke", row.pk)):
        html = boss.get(address).content.decode()
        assert row.prefix in html
        assert secret not in html
        assert row.hashed_secret not in html
    html = boss.get(page("change", row.pk)).content.decode()
    for words in (
        "alice",
        APP,
        "0 of 4711",
        ApiKey.objects.get().prefix,
        "create and cancel tasks",
    ):
        assert words in html
    boss.post(page("revoke", row.pk), {"confirm": "yes"})
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert browser(made).get("/api/v1/tasks").status_code == 401
    html = boss.get(page("change", row.pk)).content.decode()
    assert page("revoke", row.pk) not in html


def test_who_may_not_revoke_keys_ends_no_token(hire: Hire, mint: Mint) -> None:
    made = mint()
    row = BrowserToken.objects.get()
    reader = hire("platforms.view_browsertoken")
    assert reader.get(page("change", row.pk)).status_code == 200
    assert reader.post(page("revoke", row.pk)).status_code == 403
    assert reader.post(page("add"), {"user": "alice"}).status_code == 403
    assert reader.post(page("change", row.pk), {"user": "mallory"}).status_code == 403
    assert browser(made).get("/api/v1/tasks").status_code == 200


@pytest.mark.parametrize("text", ["alice", "prefix", "id", "key"])
def test_token_is_found_by_what_staff_have_of_it(
    boss: Client, mint: Callable[..., Any], text: str
) -> None:
    made = mint()
    row = BrowserToken.objects.get()
    mint(user="bob")
    words = {"prefix": row.prefix, "id": made["id"], "key": str(row.key_id)}
    html = boss.get(page("changelist"), {"q": words.get(text, text)}).content.decode()
    assert row.prefix in html
