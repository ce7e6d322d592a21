"""Every right that a page asks for can be given, and saving an account or a group takes none away."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from genhub.users.models import User
from genhub.users.rights import find_rights
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
APPS = ("credits", "generation", "genhub", "storage", "templates")
REGISTERED = sorted(
    f"{model._meta.app_label}.view_{model._meta.model_name}" for model in admin.site._registry
)
OWN = sorted(
    f"{model._meta.app_label}.{codename}"
    for model in apps.get_models()
    for codename, _ in model._meta.permissions
)
# Rights that the code names: as a whole, in `has_perm` and in the sidebar.
NAMED = sorted(
    {
        right
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        for right in re.findall(
            r'"((?:credits|generation|platforms|storage|templates)\.'
            r'(?:view|add|change|grant|adjust|refund|approve|run|publish)_[a-z]+)"',
            path.read_text(),
        )
    }
)


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def find(right: str) -> Permission:
    app, _, codename = right.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def offered(client: Client, address: str, field: str) -> set[int]:
    form = client.get(address).context["adminform"].form
    return set(form.fields[field].queryset.values_list("pk", flat=True))


def test_every_right_can_be_given_to_a_person_and_to_a_group(boss: Client) -> None:
    dave = User.objects.create_user("dave", is_staff=True)
    group = Group.objects.create(name="support")
    rights = sorted({*REGISTERED, *OWN, *NAMED})
    keys = {find(right).pk for right in rights}
    words = {"username": "dave", "is_staff": "on", "is_active": "on", "user_permissions": keys}
    assert boss.post(page("users_user_change", dave.pk), words).status_code == 302
    held = User.objects.get(pk=dave.pk)
    assert [right for right in rights if not held.has_perm(right)] == []
    words = {"name": "support", "permissions": keys}
    assert boss.post(page("auth_group_change", group.pk), words).status_code == 302
    assert set(group.permissions.values_list("pk", flat=True)) == keys


def test_the_lists_of_rights_are_not_empty() -> None:
    assert len(REGISTERED) >= 25
    assert {"credits.run_audit", "generation.approve_refunds"} <= set(OWN)
    assert {"platforms.change_apikey", "templates.publish_template"} <= set(NAMED)


def test_each_page_that_somebody_may_change_has_its_right_offered(boss: Client) -> None:
    """Asked of the pages themselves, with a real member of staff who holds everything."""
    staff = User.objects.create_user("all", is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    request = boss.get(page("users_user_add")).wsgi_request
    request.user = User.objects.get(pk=staff.pk)
    rights = find_rights(admin.site)
    for model, model_admin in admin.site._registry.items():
        meta = model._meta
        for deed in ("add", "change", "delete"):
            may = getattr(model_admin, f"has_{deed}_permission")(request)
            # Revoking is the one change of a key, by a right that its form does not ask for.
            if (deed, meta.model_name) != ("change", "apikey"):
                right = f"{meta.app_label}.{deed}_{meta.model_name}"
                assert (right in rights) == may, right


def test_rights_that_open_nothing_are_not_offered(boss: Client) -> None:
    dave = User.objects.create_user("dave", is_staff=True)
    rights = offered(boss, page("users_user_change", dave.pk), "user_permissions")
    for idle in ("credits.change_transfer", "generation.delete_task", "users.change_user"):
        assert find(idle).pk not in rights, idle
    assert len(rights) < Permission.objects.count() / 2


def test_saving_a_person_takes_no_right_away(boss: Client) -> None:
    dave = User.objects.create_user("dave", is_staff=True)
    every = set(Permission.objects.values_list("pk", flat=True))
    dave.user_permissions.set(every)
    address = page("users_user_change", dave.pk)
    # What a browser sends of an unchanged form: every chosen one of those offered.
    form = boss.get(address).context["adminform"].form
    shown = {choice.pk for choice in form.fields["user_permissions"].queryset}
    sent = [right.pk for right in form.initial["user_permissions"] if right.pk in shown]
    words = {"username": "dave", "first_name": "David", "is_staff": "on", "is_active": "on"}
    assert boss.post(address, words | {"user_permissions": sent}).status_code == 302
    dave.refresh_from_db()
    assert dave.first_name == "David"
    assert set(dave.user_permissions.values_list("pk", flat=True)) == every


def test_saving_a_group_takes_no_right_away(boss: Client) -> None:
    group = Group.objects.create(name="support")
    every = set(Permission.objects.values_list("pk", flat=True))
    group.permissions.set(every)
    address = page("auth_group_change", group.pk)
    form = boss.get(address).context["adminform"].form
    shown = {choice.pk for choice in form.fields["permissions"].queryset}
    sent = [right.pk for right in form.initial["permissions"] if right.pk in shown]
    assert boss.post(address, {"name": "helpers", "permissions": sent}).status_code == 302
    group.refresh_from_db()
    assert group.name == "helpers"
    assert set(group.permissions.values_list("pk", flat=True)) == every


def test_rights_are_taken_away_by_those_who_say_so(boss: Client) -> None:
    dave = User.objects.create_user("dave", is_staff=True)
    dave.user_permissions.set([find("credits.view_purse"), find("credits.change_transfer")])
    words = {"username": "dave", "is_staff": "on", "is_active": "on"}
    kept = {"user_permissions": [find("credits.view_purse").pk]}
    assert boss.post(page("users_user_change", dave.pk), words | kept).status_code == 302
    assert [p.codename for p in dave.user_permissions.all()] == ["view_purse"]


def test_staff_with_every_right_make_no_account_and_give_none(hire: Hire, boss: Client) -> None:
    client = hire("users.view_user", "auth.view_group")
    dave = User.objects.get(username="dave")
    dave.user_permissions.set(Permission.objects.all())
    words = {"username": "dave", "is_staff": "on", "is_active": "on", "is_superuser": "on"}
    for address in (
        page("users_user_add"),
        page("users_user_change", dave.pk),
        page("auth_group_add"),
        page("auth_group_change", Group.objects.create(name="support").pk),
    ):
        assert client.post(address, words | {"name": "x"}).status_code == 403, address
    assert client.get(page("users_user_change", dave.pk)).status_code == 200
    assert not User.objects.get(pk=dave.pk).is_superuser
    assert User.objects.count() == 2
