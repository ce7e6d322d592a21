"""The roles that a hub ships with open exactly their pages, and what staff changed of them stays."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group

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
