"""Keys are shown once and only revoked afterwards; nobody but a superuser hands out rights."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from genhub.platforms.models import ApiKey, Platform, Scope
from genhub.users.models import User
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db
KEY = re.compile(r"gh_[A-Za-z0-9]{8}\.[A-Za-z0-9]{40}")


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def make_key(client: Client, shop: Platform, **words: Any) -> Any:
    values = {"platform": shop.pk, "name": "web", "user": "bob", "scopes": [Scope.CREDITS_READ]}
    return client.post(page("platforms_apikey_add"), values | words)


def balance(key: str) -> Any:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {key}").get("/api/v1/credits")


def test_a_key_is_shown_exactly_once(hire: Hire, shop: Platform) -> None:
    client = hire("platforms.add_apikey", "platforms.view_apikey")
    answer = make_key(client, shop)
    keys = set(KEY.findall(answer.content.decode()))
    assert len(keys) == 1
    assert "no-store" in answer["Cache-Control"]
    key = keys.pop()
    row = ApiKey.objects.get()
    assert (row.name, row.user, row.scopes) == ("web", "bob", [Scope.CREDITS_READ])
    assert balance(key).json()["user"] == "bob"
    for address in (page("platforms_apikey_change", row.pk), page("platforms_apikey_changelist")):
        html = client.get(address).content.decode()
        assert row.prefix in html
        assert not KEY.search(html)
        assert row.hashed_key not in html
    assert not KEY.search(client.get(page("platforms_apikey_history", row.pk)).content.decode())


def test_a_keys_rights_never_change_and_it_can_be_revoked(boss: Client, shop: Platform) -> None:
    key = KEY.findall(make_key(boss, shop).content.decode())[0]
    row = ApiKey.objects.get()
    changed = {"platform": shop.pk, "name": "x", "user": "eve", "scopes": [Scope.TASKS_WRITE]}
    assert boss.post(page("platforms_apikey_change", row.pk), changed).status_code == 302
    kept = ApiKey.objects.get()
    assert (kept.name, kept.user, kept.scopes) == ("web", "bob", [Scope.CREDITS_READ])
    revoke = page("platforms_apikey_revoke", row.pk)
    assert "cannot be undone" in boss.get(revoke).content.decode()
    assert balance(key).status_code == 200
    assert boss.post(revoke).status_code == 302
    assert balance(key).status_code == 401
    assert boss.post(page("platforms_apikey_change", row.pk), changed).status_code == 403
    assert boss.post(page("platforms_apikey_rotate", row.pk), {"hours": 1}).status_code == 302
    assert ApiKey.objects.get().prefix == row.prefix


def test_revoking_needs_the_right(hire: Hire, shop: Platform) -> None:
    row, key = ApiKey.objects.issue(shop, name="web", user="bob")
    viewer = hire("platforms.view_apikey")
    assert viewer.post(page("platforms_apikey_revoke", row.pk)).status_code == 403
    assert viewer.get(page("platforms_apikey_add")).status_code == 403
    assert balance(key).status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}, {"platform": ""}]
)
def test_wrong_keys_are_not_made(boss: Client, shop: Platform, wrong: dict[str, Any]) -> None:
    answer = make_key(boss, shop, **wrong)
    assert answer.status_code == 200
    assert not KEY.search(answer.content.decode())
    assert ApiKey.objects.count() == 0


def test_an_expired_key_is_shown_as_such_and_refused(boss: Client, shop: Platform) -> None:
    expiry = {"expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"}
    key = KEY.findall(make_key(boss, shop, **expiry).content.decode())[0]
    assert balance(key).status_code == 401
    assert "expired" in boss.get(page("platforms_apikey_changelist")).content.decode()


def test_a_platform_is_edited_but_keeps_its_code(boss: Client, shop: Platform) -> None:
    address = page("platforms_platform_change", shop.pk)
    words = {"name": "The shop", "language": "zh-hans", "time_zone": "Asia/Shanghai", "code": "x", "moderation": "block", "unjudged": "block"}  # fmt: skip
    assert boss.post(address, words | {"time_zone": "Mars"}).status_code == 200
    assert boss.post(address, words).status_code == 302
    shop.refresh_from_db()
    assert (shop.name, shop.code, shop.is_active) == ("The shop", "shop", False)


def test_staff_cannot_give_themselves_rights(hire: Hire, boss: Client) -> None:
    client = hire("users.view_user", "users.change_user", "auth.change_group", "auth.add_group")
    dave, carol = User.objects.get(username="dave"), User.objects.get(username="carol")
    refund = Permission.objects.get(codename="refund_credits")
    words = {
        "username": "dave",
        "is_active": "on",
        "is_superuser": "on",
        "is_staff": "on",
        "user_permissions": [refund.pk],
    }
    assert client.post(page("users_user_change", dave.pk), words).status_code == 403
    dave = User.objects.get(pk=dave.pk)
    assert not dave.is_superuser
    assert not dave.has_perm("credits.refund_credits")
    assert client.post(page("users_user_change", carol.pk), {"username": "x"}).status_code == 403
    password = {"password1": "correct horse battery", "password2": "correct horse battery"}
    assert client.post(page("auth_user_password_change", carol.pk), password).status_code == 403
    group = Group.objects.create(name="support")
    assert client.post(page("auth_group_change", group.pk), {"name": "x"}).status_code == 403
    assert client.post(page("auth_group_add"), {"name": "y"}).status_code == 403


def test_staff_cannot_take_over_a_colleague_with_rights(hire: Hire, boss: Client) -> None:
    client = hire("users.view_user", "users.change_user")
    erin = User.objects.create_user("erin", password="her own password", is_staff=True)
    password = {"password1": "correct horse battery", "password2": "correct horse battery"}
    assert client.post(page("auth_user_password_change", erin.pk), password).status_code == 403
    erin.refresh_from_db()
    assert erin.check_password("her own password")


def test_superusers_hand_out_rights(boss: Client, hire: Callable[..., Client]) -> None:
    hire()
    dave = User.objects.get(username="dave")
    refund = Permission.objects.get(codename="refund_credits")
    words = {
        "username": "dave",
        "is_staff": "on",
        "is_active": "on",
        "user_permissions": [refund.pk],
    }
    assert boss.post(page("users_user_change", dave.pk), words).status_code == 302
    assert User.objects.get(pk=dave.pk).has_perm("credits.refund_credits")
    new = {"username": "erin", "usable_password": "true"}
    password = {"password1": "correct horse battery", "password2": "correct horse battery"}
    assert boss.post(page("users_user_add"), new | password).status_code == 302
    assert not User.objects.get(username="erin").is_staff


def test_the_language_is_switched_in_the_admin(boss: Client) -> None:
    boss.post(reverse("set_language"), {"language": "zh-hans", "next": "/admin/"})
    html = boss.get("/admin/").content.decode()
    assert 'lang="zh-hans"' in html
    assert "简体中文" in html
