"""What is remembered of users in the admin: listed, read, and forgotten with a right and a reason."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.models import Account, Preferences, Subject, Task
from genhub.platforms.models import Platform
from genhub.retention import holds
from tests.admin.conftest import Hire
from tests.api.refusals import GENERATE

pytestmark = pytest.mark.django_db
REASON = "The customer wrote and asked for it."
WORDS = {"style_preset": "anime", "num_images": 2}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:generation_{name}", args=args)


@pytest.fixture
def remembered(alice: APIClient, mallory: APIClient, stub: Account, recipes: None) -> None:
    """Each has preferences; alice two subjects, mallory one of the same name."""
    for client, names in ((alice, ("hero", "spring sale")), (mallory, ("hero",))):
        assert client.put("/api/v1/me/preferences", WORDS, format="json").status_code == 200
        for name in names:
            answer = client.post(GENERATE, {"prompt": "a star", "subject": name}, format="json")
            assert answer.status_code == 202, answer.json()


def test_what_is_remembered_is_listed_and_read(boss: Client, remembered: None) -> None:
    html = boss.get(page("preferences_changelist")).content.decode()
    for word in ("alice", "mallory", "num_images, style_preset"):
        assert word in html, word
    row = Preferences.objects.get(user="alice")
    html = boss.get(page("preferences_change", row.pk)).content.decode()
    assert "<dt>style_preset</dt><dd>anime</dd>" in html
    html = boss.get(page("subject_changelist"), {"q": "spring"}).content.decode()
    assert "spring sale" in html
    assert "hero" not in html
    subject = Subject.objects.get(name="spring sale")
    html = boss.get(page("subject_change", subject.pk)).content.decode()
    assert str(subject.seed) in html
    assert "alice @ " in html


@pytest.mark.parametrize("model", [Preferences, Subject])
def test_to_forget_needs_a_right_and_a_reason(hire: Hire, remembered: None, model: Any) -> None:
    name = model._meta.model_name
    row = model.objects.filter(user="alice").first()
    forget = page(f"{name}_forget", row.pk)
    assert hire(f"generation.view_{name}", name="erin").post(forget).status_code == 403
    assert hire(f"generation.forget_{name}", name="frank").post(forget).status_code == 403
    clerk = hire(f"generation.view_{name}", f"generation.forget_{name}")
    assert forget in clerk.get(page(f"{name}_change", row.pk)).content.decode()
    before = model.objects.count()
    assert "alice @ " in clerk.get(forget).content.decode()
    assert clerk.post(forget, {"reason": "short"}).status_code == 200
    assert model.objects.count() == before
    done = clerk.post(forget, {"reason": REASON})
    assert done.headers["Location"] == page(f"{name}_changelist")
    assert not model.objects.filter(pk=row.pk).exists()
    assert model.objects.count() == before - 1
    entry = LogEntry.objects.get()
    assert entry.get_edited_object() == Platform.objects.get()
    assert f"alice: {REASON}" in entry.change_message
    assert clerk.post(forget, {"reason": REASON}).status_code == 404


def test_all_subjects_of_a_user_are_forgotten_and_those_of_others_stay(
    boss: Client, alice: APIClient, remembered: None
) -> None:
    row = Subject.objects.filter(user="alice").first()
    assert row
    forget = page("subject_forget_all", row.pk)
    assert ">2<" in boss.get(forget).content.decode()
    html = boss.post(forget, {"reason": REASON}, follow=True).content.decode()
    assert "2 subjects were forgotten." in html
    assert list(Subject.objects.values_list("user", flat=True)) == ["mallory"]
    assert alice.get("/api/v1/me/subjects").json()["items"] == []
    assert Task.objects.filter(subject="hero").count() == 2, "orders keep theirs"


@pytest.mark.parametrize("model", [Preferences, Subject])
def test_nothing_is_forgotten_under_a_legal_hold(
    hire: Hire, boss: Client, remembered: None, shop: Platform, django_user_model: Any, model: Any
) -> None:
    name = model._meta.model_name
    holds.lay(
        shop.pk, "alice", reason=REASON, by=django_user_model.objects.get(username="carol").pk
    )
    row = model.objects.filter(user="alice").first()
    answer = boss.post(page(f"{name}_forget", row.pk), {"reason": REASON})
    assert "This is kept under a legal hold" in answer.content.decode()
    assert model.objects.filter(pk=row.pk).exists()
