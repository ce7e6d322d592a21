"""A provider is paused and resumed from its page, with a reason, by those who may."""

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.life import claims
from generation.models import Account, QueueChange, Rest
from tests.admin.conftest import Hire
from tests.steps import submit

pytestmark = pytest.mark.django_db
REASON = {"reason": "Their bill is being looked at."}


def page(account: Account, name: str) -> str:
    return f"{reverse('admin:generation_account_changelist')}{account.pk}/{name}/"


def test_provider_is_paused_and_resumed(boss: Client, alice: APIClient, stub: Account) -> None:
    submit(alice)
    change = page(stub, "change")
    assert "/pause_it/" in boss.get(change).content.decode()
    assert boss.post(page(stub, "pause_it"), {"reason": "short"}).status_code == 200
    assert boss.post(page(stub, "pause_it"), REASON).status_code == 302
    stub.refresh_from_db()
    assert stub.resting_why == Rest.PAUSED
    assert claims.claim_next("local", worker="tests") is None
    html = boss.get(change).content.decode()
    assert "paused by staff" in html
    assert "/resume_it/" in html
    assert "/wake_it/" not in html
    assert boss.post(page(stub, "resume_it"), REASON).status_code == 302
    assert claims.claim_next("local", worker="tests")
    changes = QueueChange.objects.order_by("id").values_list("deed", "provider", "actor", "reason")
    assert list(changes) == [
        ("paused", "stub", "carol", REASON["reason"]),
        ("resumed", "stub", "carol", REASON["reason"]),
    ]


def test_who_may_only_change_providers_pauses_none(hire: Hire, stub: Account) -> None:
    client = hire("generation.change_account", "generation.view_account")
    assert client.post(page(stub, "pause_it"), REASON).status_code == 403
    stub.refresh_from_db()
    assert stub.resting_why == ""
