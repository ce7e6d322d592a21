"""A second step of signing in is renewed, removed, reset by an owner, and outlives the hub's own keys."""

import io
import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from genhub.doctor.findings import Verdict
from genhub.doctor.hub import look_at_secrets_kept
from genhub.users.models import RecoveryCode, SecondStep, User
from tests.admin.conftest import Hire
from tests.admin.phones import (
    CODES,
    INDEX,
    OWN,
    REMOVE,
    SET_UP,
    code_of,
    come_back,
    history,
    is_in,
    set_up,
    take,
    text,
)

pytestmark = pytest.mark.django_db


def test_recovery_codes_are_renewed_by_a_code(boss: Client) -> None:
    _key, codes = set_up(boss)
    assert "count no more" in text(boss.get(CODES))
    assert "wrong" in text(boss.post(CODES, {"code": "000000"}))
    assert RecoveryCode.objects.count() == 10
    answer = boss.post(CODES, {"code": codes[0]})
    new = re.findall(r"<code[^>]*>([a-z2-7-]{19})<", answer.content.decode())
    assert len(set(new) - set(codes)) == 10
    assert take(come_back(), codes[1]).status_code == 200
    assert take(come_back(), new[0]).status_code == 302
    assert "Made new recovery codes." in history()


def test_it_is_removed_by_a_code(boss: Client) -> None:
    key, _codes = set_up(boss)
    assert boss.get(REMOVE).status_code == 200
    for wrong in ("", "000000"):
        assert boss.post(REMOVE, {"code": wrong}).status_code == 200
    assert SecondStep.objects.exists()
    assert boss.post(REMOVE, {"code": code_of(key, 1)})["Location"] == OWN
    assert not SecondStep.objects.exists()
    assert is_in(come_back())
    assert history()[-1] == "Removed the second step."


def test_a_hub_without_a_key_of_its_own_says_so(boss: Client, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = []
    assert "ENCRYPTION_KEYS" in text(boss.get(SET_UP))
    assert boss.post(SET_UP, {"code": "000000"}).status_code == 200
    assert not SecondStep.objects.exists()


def test_a_key_that_nothing_opens_leaves_the_recovery_codes(
    boss: Client, settings: Settings
) -> None:
    key, codes = set_up(boss)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    client = come_back()
    assert "cannot read your phone" in text(take(client, code_of(key, 1)))
    assert take(client, codes[0]).status_code == 302


def test_a_key_shown_before_the_hubs_own_was_changed_is_shown_anew(
    boss: Client, settings: Settings
) -> None:
    boss.get(SET_UP)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert boss.get(SET_UP).status_code == 302
    set_up(boss)


def test_an_owner_resets_anothers_with_a_reason(hire: Hire) -> None:
    dave = hire()
    _key, codes = set_up(dave)
    person = User.objects.get(username="dave")
    address = reverse("admin:users_user_reset_step", args=[person.pk])
    owner = hire("users.view_user", "users.reset_second_step", name="olga")
    assert "Reset the second step" in text(owner.get(reverse("admin:users_user_change", args=[person.pk])))  # fmt: skip
    assert "lost phone" in text(owner.get(address))
    for reason in ("", "too short"):
        assert owner.post(address, {"reason": reason}).status_code == 200
    assert SecondStep.objects.exists()
    assert owner.post(address, {"reason": "Dave lost his phone."}).status_code == 302
    assert not SecondStep.objects.exists()
    assert history("dave")[-1] == "Reset the second step: Dave lost his phone."
    row = LogEntry.objects.get(change_message__contains="lost his phone")
    assert row.user.username == "olga"
    # Whoever has the phone has what it was signed in to.
    assert not is_in(dave)
    assert is_in(come_back("dave"))
    assert take(come_back("dave"), codes[0])["Location"] == INDEX
    # Nothing is left to reset, and nothing is noted of it.
    owner.post(address, {"reason": "Dave lost his phone."})
    assert len(history("dave")) == 2


def test_nothing_is_reset_of_which_no_history_tells(
    hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process dies between."""
    dave = hire()
    set_up(dave)
    person = User.objects.get(username="dave")

    def die(*_: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr(site._registry[User], "log_change", die)
    address = reverse("admin:users_user_reset_step", args=[person.pk])
    owner = hire("users.view_user", "users.reset_second_step", name="olga")
    owner.raise_request_exception = False
    assert owner.post(address, {"reason": "Dave lost his phone."}).status_code == 500
    assert SecondStep.objects.filter(user=person).exists()
    assert is_in(dave)


def test_who_may_reset_whose(hire: Hire, boss: Client) -> None:
    set_up(boss)
    carol = User.objects.get(username="carol")
    viewer = hire("users.view_user", name="vera")
    owner = hire("users.view_user", "users.reset_second_step", name="olga")
    set_up(owner)
    reason = {"reason": "A long reason."}
    for client, name in ((viewer, "carol"), (viewer, "olga"), (owner, "carol"), (owner, "olga"), (boss, "carol")):  # fmt: skip
        person = User.objects.get(username=name)
        address = reverse("admin:users_user_reset_step", args=[person.pk])
        assert client.get(address).status_code == 403, (client, name)
        assert client.post(address, reason).status_code == 403, (client, name)
        page = text(client.get(reverse("admin:users_user_change", args=[person.pk])))
        assert "Reset the second step" not in page
    assert SecondStep.objects.count() == 2
    assert boss.get(reverse("admin:users_user_reset_step", args=[0])).status_code == 404
    olga = User.objects.get(username="olga")
    assert (
        boss.post(reverse("admin:users_user_reset_step", args=[olga.pk]), reason).status_code == 302
    )
    assert SecondStep.objects.get().user == carol


def test_at_the_machine_it_is_reset_with_a_reason(boss: Client) -> None:
    set_up(boss)
    reset = ("second_step", "reset")
    for words, why in (
        (("carol", "--reason=short"), "10 to 500"),
        (("nobody", "--reason=A long reason."), "no account"),
    ):
        with pytest.raises(CommandError, match=why):
            call_command(*reset, *words)
    assert SecondStep.objects.exists()
    call_command(*reset, "carol", "--reason=She lost her phone.")
    assert not SecondStep.objects.exists()
    assert history()[-1] == "Reset the second step at the machine: She lost her phone."
    with pytest.raises(CommandError, match="no second step"):
        call_command(*reset, "carol", "--reason=She lost her phone.")


def test_the_hubs_own_key_is_replaced_without_a_phone_being_lost(
    boss: Client, settings: Settings
) -> None:
    key, _codes = set_up(boss)
    old, new = settings.ENCRYPTION_KEYS, Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *old]
    call_command("reseal_keys", stdout=io.StringIO())
    settings.ENCRYPTION_KEYS = [new]
    assert [finding.verdict for finding in look_at_secrets_kept()] == [Verdict.GOOD]
    assert take(come_back(), code_of(key, 1)).status_code == 302
    settings.ENCRYPTION_KEYS = old
    [finding] = look_at_secrets_kept()
    assert "second step of carol" in finding.said
