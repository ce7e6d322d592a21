"""Every time that any page of the admin tells has its UTC beside it, whoever draws it: the hub or Django."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from genhub.users.models import User
from tests.admin.test_pages import rows
from tests.admin.test_words import all_rows, squeeze

__all__ = ["all_rows", "rows"]
pytestmark = [pytest.mark.django_db, pytest.mark.whole]
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( \((?:\d\d-\d\d )?\d\d:\d\d UTC\))?")


def page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def test_every_time_names_utc_beside_the_readers_zone(boss: Client, all_rows: None) -> None:
    carol = User.objects.get(username="carol")
    User.objects.update(time_zone="Asia/Shanghai")
    request: Any = boss.get(reverse("admin:index")).wsgi_request
    told, bare = 0, []
    for model, model_admin in admin.site._registry.items():
        row: Any = model_admin.get_queryset(request).first()
        LogEntry.objects.create(
            user=carol, object_id=str(row.pk), object_repr="x", action_flag=CHANGE, change_message="y",
            content_type=ContentType.objects.get_for_model(model, for_concrete_model=False),
        )  # fmt: skip
        places = [page(model, "changelist"), page(model, "change", row.pk), page(model, "history", row.pk)]  # fmt: skip
        for place in places:
            for found in TIME.finditer(squeeze(boss.get(place).content.decode())):
                told += 1
                bare += [] if found[1] else [(place, found[0])]
    assert not bare, bare
    assert told > 100


def test_a_list_is_sorted_by_a_time_that_is_told(boss: Client) -> None:
    for name, hour in (("erin", 2), ("dave", 1)):
        at = f"2026-03-01T0{hour}:00:00Z"
        User.objects.create_user(name, is_staff=True, last_login=at)
    listed = boss.get(reverse("admin:users_user_changelist"), {"o": "5"}).content.decode()
    assert listed.index(">dave<") < listed.index(">erin<")
    listed = boss.get(reverse("admin:users_user_changelist"), {"o": "-5"}).content.decode()
    assert listed.index(">erin<") < listed.index(">dave<")
