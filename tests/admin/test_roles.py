"""The roles that a hub ships with open exactly their pages, and what staff changed of them stays."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission

from genhub.users.models import ShippedRight
from genhub.users.rights import find_rights
from genhub.users.roles import ROLES, VIEWER, seed_roles

pytestmark = pytest.mark.django_db
RIGHTS = find_rights(admin.site)
# Money is moved by those whose desk it is, and by nobody else.
MONEY = {"credits.grant_credits", "credits.adjust_credits", "credits.refund_credits", "generation.approve_refunds",
         "credits.approve_grants"}  # fmt: skip


def test_money_is_moved_by_finance_and_owner_alone() -> None:
    movers = {role.name.split()[0] for role in ROLES if role.pick(RIGHTS) & MONEY}
    assert movers == {"Finance", "Owner"}
    assert {right.partition(".")[2].partition("_")[0] for right in VIEWER.pick(RIGHTS)} == {"view"}
    assert ROLES[-1].pick(RIGHTS) == RIGHTS


def test_what_staff_changed_of_a_role_stays() -> None:
    assert len(seed_roles(admin.site)) == len(ROLES)
    group = Group.objects.get(name=VIEWER.name)
    assert group.permissions.count() == len(VIEWER.pick(RIGHTS))
    group.permissions.clear()
    assert seed_roles(admin.site) == []
    assert not group.permissions.exists()
    group.delete()
    assert seed_roles(admin.site) == [VIEWER.name]


def held_by(name: str) -> set[str]:
    found = Permission.objects.filter(group__name__startswith=name)
    return set(found.values_list("codename", flat=True))


def bring(codename: str) -> None:
    """Have a right come as a release brings it: after all others."""
    old = Permission.objects.get(codename=codename)
    kind = old.content_type
    old.delete()
    Permission.objects.create(codename=codename, content_type=kind, name=codename)


@pytest.mark.parametrize("is_noted", [True, False], ids=["noted", "before-the-notes"])
def test_a_new_right_reaches_the_roles_and_what_staff_took_stays_away(is_noted: bool) -> None:
    seed_roles(admin.site)
    finance = Group.objects.get(name__startswith="Finance")
    finance.permissions.remove(Permission.objects.get(codename="grant_credits"))
    if not is_noted:
        ShippedRight.objects.all().delete()
    bring("approve_grants")
    changed = {name.split()[0] for name in seed_roles(admin.site)}
    assert changed == {"Finance", "Owner"}
    for name in changed:
        assert "approve_grants" in held_by(name)
    assert "grant_credits" in held_by("Owner") - held_by("Finance")
    for name in ("Viewer", "Editor", "Operator"):
        assert "approve_grants" not in held_by(name)
    finance.permissions.remove(Permission.objects.get(codename="approve_grants"))
    bring("run_audit")
    assert seed_roles(admin.site)
    assert held_by("Finance") >= {"run_audit"}
    assert not held_by("Finance") & {"approve_grants", "grant_credits"}


def test_roles_are_looked_at_once_a_release(django_assert_num_queries: Any) -> None:
    seed_roles(admin.site)
    with django_assert_num_queries(2):
        assert seed_roles(admin.site) == []
