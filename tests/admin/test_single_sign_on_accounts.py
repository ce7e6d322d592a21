"""Whose account somebody gets who comes by single sign-on, and which rights: never more than the settings say."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from genhub.users.models import Identity, User
from genhub.users.roles import ROLES, seed_roles
from tests.admin.conftest import Hire
from tests.admin.oidc import Provider
from tests.admin.phones import OWN, history, is_in, text
from tests.admin.test_single_sign_on import dave, is_refused, provider, sign_in

__all__ = ["dave", "provider"]
pytestmark = pytest.mark.django_db
NAMES = {role.name.split()[0].lower(): role.name for role in ROLES}


@pytest.fixture
def groups(provider: Provider, settings: Settings) -> None:
    """Three of the provider's groups mean roles, and none a superuser."""
    seed_roles(admin.site)
    settings.OIDC_GROUPS = {"hub-editors": "editor", "hub-money": "finance", "all": "viewer"}


def roles_of(name: str = "dave") -> set[str]:
    return set(User.objects.get(username=name).groups.values_list("name", flat=True))


def unlink(client: Client, person: User) -> Any:
    return client.post(reverse("admin:users_user_unlink", args=[person.pk]))


def test_nobody_gets_an_account_unless_it_is_said_so(
    provider: Provider, settings: Settings
) -> None:
    assert is_refused(*sign_in(provider))
    assert not User.objects.exists()
    settings.OIDC_CREATE = True
    provider.claims |= {"given_name": "Dave", "family_name": "Zhang", "email": "dave@hub.example"}
    client, _answer = sign_in(provider)
    assert is_in(client)
    user = User.objects.get()
    assert (user.username, user.first_name, user.email) == ("dave", "Dave", "dave@hub.example")
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)
    assert not user.get_all_permissions()
    assert history("dave") == ["Made by single sign-on.", "Linked with single sign-on."]


@pytest.mark.parametrize(
    "claims",
    [
        {"preferred_username": None}, {"preferred_username": ""}, {"preferred_username": 7}, {"preferred_username": ["dave"]},
        {"preferred_username": "a b"}, {"preferred_username": "x" * 151}, {"preferred_username": "a\0b"},
        {"preferred_username": "ADMIN"}, {"email": "no mail"}, {"given_name": "x" * 151},
    ],
    ids=str,
)  # fmt: skip
def test_no_account_is_made_of_what_is_no_name(
    provider: Provider, settings: Settings, claims: dict[str, Any]
) -> None:
    settings.OIDC_CREATE = True
    User.objects.create_user("admin", is_staff=True)
    provider.claims |= claims
    assert is_refused(*sign_in(provider))
    assert User.objects.count() == 1
    assert not Identity.objects.exists()


def test_another_claim_may_name_the_account(provider: Provider, settings: Settings) -> None:
    settings.OIDC_USERNAME_CLAIM = "email"
    User.objects.create_user("dave@hub.example", is_staff=True)
    for verified in ({}, {"email_verified": False}, {"email_verified": "true"}):
        provider.claims = {"sub": "u-1", "email": "dave@hub.example"} | verified
        assert is_refused(*sign_in(provider))
    provider.claims["email_verified"] = True
    assert is_in(sign_in(provider)[0])


def test_a_name_that_passes_on_opens_nothing(provider: Provider, dave: User) -> None:
    assert is_in(sign_in(provider)[0])
    provider.claims = {"sub": "u-2", "preferred_username": "dave"}
    assert is_refused(*sign_in(provider))
    # Whoever is called otherwise since is still the same.
    provider.claims = {"sub": "u-1", "preferred_username": "david"}
    client, _answer = sign_in(provider)
    assert "dave" in text(client.get(OWN))


def test_another_providers_people_are_others(provider: Provider, dave: User) -> None:
    Identity.objects.create(user=dave, issuer="https://before.example", subject="u-1")
    assert is_refused(*sign_in(provider))


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_who_was_switched_off_stays_out(
    provider: Provider, dave: User, change: dict[str, bool]
) -> None:
    sign_in(provider)
    User.objects.update(**change)
    assert is_refused(*sign_in(provider))
    Identity.objects.all().delete()
    assert is_refused(*sign_in(provider))


def test_groups_mean_roles_and_are_followed(
    provider: Provider, groups: None, settings: Settings
) -> None:
    settings.OIDC_CREATE = True
    own = Group.objects.create(name="night shift")
    provider.claims["groups"] = ["hub-editors", "all", "canteen", 7, None]
    assert is_in(sign_in(provider)[0])
    assert roles_of() == {NAMES["editor"], NAMES["viewer"]}
    User.objects.get().groups.add(own)
    provider.claims["groups"] = "hub-money"
    sign_in(provider)
    assert roles_of() == {NAMES["finance"], "night shift"}
    assert User.objects.get().has_perm("credits.grant_credits")
    sign_in(provider)
    said = [line for line in history("dave") if line.startswith("Roles")]
    assert said == [
        f"Roles by single sign-on: {NAMES['editor']}, {NAMES['viewer']}",
        f"Roles by single sign-on: {NAMES['finance']}",
    ]


@pytest.mark.parametrize(
    "said", [["canteen"], [], None, 7, {"hub-editors": 1}, "hub", ["hub-editors "]]
)
def test_who_has_no_role_is_not_let_in(
    provider: Provider, groups: None, dave: User, settings: Settings, said: Any
) -> None:
    settings.OIDC_CREATE = True
    provider.claims["groups"] = said
    assert is_refused(*sign_in(provider))
    assert not Identity.objects.exists()


def test_another_claim_may_list_the_groups(
    provider: Provider, groups: None, dave: User, settings: Settings
) -> None:
    settings.OIDC_GROUPS_CLAIM = "roles"
    provider.claims["groups"] = ["hub-editors"]
    assert is_refused(*sign_in(provider))
    provider.claims["roles"] = ["hub-editors"]
    assert is_in(sign_in(provider)[0])


def test_without_roles_to_give_none_are_touched(provider: Provider, dave: User) -> None:
    seed_roles(admin.site)
    dave.groups.add(Group.objects.get(name=NAMES["editor"]))
    provider.claims["groups"] = ["hub-money"]
    assert is_in(sign_in(provider)[0])
    assert roles_of() == {NAMES["editor"]}


def test_nobody_is_a_superuser_by_a_name(
    provider: Provider, boss: Client, settings: Settings
) -> None:
    provider.claims = {
        "sub": "u-1",
        "preferred_username": "carol",
        "groups": ["hub-bosses", "owner"],
    }
    assert is_refused(*sign_in(provider))
    assert not Identity.objects.exists()
    settings.OIDC_SUPERUSER_GROUP = "hub-bosses"
    assert is_in(sign_in(provider)[0])
    # Who left the group is not let in as what they were.
    provider.claims["groups"] = ["owner"]
    assert is_refused(*sign_in(provider))
    assert User.objects.get(username="carol").is_superuser


def test_a_group_that_a_setting_names_makes_superusers(
    provider: Provider, groups: None, dave: User, settings: Settings
) -> None:
    provider.claims["groups"] = ["all", "hub-bosses"]
    sign_in(provider)
    assert not User.objects.get().is_superuser
    settings.OIDC_SUPERUSER_GROUP = "hub-bosses"
    sign_in(provider)
    assert User.objects.get().is_superuser
    assert "Made a superuser by single sign-on." in history("dave")


def test_a_superuser_unlinks_an_account(
    provider: Provider, dave: User, boss: Client, hire: Hire
) -> None:
    sign_in(provider)
    clerk = hire("users.view_user", "users.end_sessions", "users.reset_second_step", name="olga")
    assert unlink(clerk, dave).status_code == 403
    page = reverse("admin:users_user_change", args=[dave.pk])
    address = reverse("admin:users_user_unlink", args=[dave.pk])
    assert address in boss.get(page).content.decode()
    assert "u-1" in text(boss.get(address))
    assert unlink(boss, dave)["Location"] == page
    assert address not in boss.get(page).content.decode()
    assert "linked with nobody" in text(boss.get(address))
    assert unlink(boss, dave).status_code == 200
    assert boss.get(reverse("admin:users_user_unlink", args=[0])).status_code == 404
    assert history("dave")[-1] == "Unlinked single sign-on: u-1"
    provider.claims["sub"] = "u-2"
    assert is_in(sign_in(provider)[0])
