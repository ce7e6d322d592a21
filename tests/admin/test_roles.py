"""The roles that a hub ships with open exactly their pages, and what staff changed of them stays."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import NoReverseMatch, reverse

from genhub.users.models import User
from genhub.users.rights import find_rights
from genhub.users.roles import ROLES, VIEWER, Role, seed_roles
from tests.admin.conftest import signed_in

pytestmark = pytest.mark.django_db
RIGHTS = find_rights(admin.site)
# Money is moved by those whose desk it is, and by nobody else.
MONEY = {"credits.grant_credits", "credits.adjust_credits", "credits.refund_credits", "generation.approve_refunds",
         "credits.approve_grants"}  # fmt: skip


def holder(role: Role) -> Client:
    seed_roles(admin.site)
    user = User.objects.create_user(f"of-{ROLES.index(role)}", is_staff=True)
    user.groups.add(Group.objects.get(name=role.name))
    return signed_in(user)


@pytest.mark.whole
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name.split()[0])
def test_each_page_opens_for_the_roles_that_may(role: Role) -> None:
    client, held = holder(role), role.pick(RIGHTS)
    seen = {"list": 0, "add": 0}
    for model in admin.site._registry:
        app, name = model._meta.app_label, model._meta.model_name
        for deed, page, right in (
            ("list", "changelist", f"{app}.view_{name}"),
            ("add", "add", f"{app}.add_{name}"),
        ):
            try:
                address = reverse(f"admin:{app}_{name}_{page}")
            except NoReverseMatch:
                continue
            may = right in held or (deed == "list" and f"{app}.change_{name}" in held)
            status = client.get(address).status_code
            assert (status != 403) == may, (role.name, address, status)
            seen[deed] += status == 200
    assert seen["list"] >= 20


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
