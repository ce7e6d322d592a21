"""Who acts by a command line: whom the system names, who was said, and nobody where only reading is asked."""

import io

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from generation.models import Account, QueueChange
from tests.steps import submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def _nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a number without a name, as Kubernetes may have it."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)


def pause(*words: str) -> None:
    call_command(
        "queue",
        "pause",
        "local",
        "--reason=The card is being changed.",
        *words,
        stdout=io.StringIO(),
    )


def test_who_is_the_systems_unless_said(stub: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "erin")
    pause()
    pause("--by=dave")
    assert list(QueueChange.objects.order_by("pk").values_list("actor", flat=True)) == ["erin", "dave"]  # fmt: skip


@pytest.mark.usefixtures("_nameless")
def test_who_has_no_name_says_one_to_act_and_none_to_look(alice: APIClient, stub: Account) -> None:
    task = submit(alice, "a star")
    out = io.StringIO()
    call_command("task", "trace", str(task), stdout=out)
    assert "submitted" in out.getvalue()
    with pytest.raises(CommandError, match="no name for you: say it by --by"):
        pause()
    assert not QueueChange.objects.exists()
    pause("--by=dave")
    assert QueueChange.objects.get().actor == "dave"
