"""The page at the bare address: for everybody, in both languages, with the hub's state and no secret."""

import re

import pytest
from django.conf import settings
from django.test import Client

from generation.models import Account
from genhub import health
from genhub.welcome import views

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "ready", "limited", "not_ready"),
    [("en", "Ready: orders", "Ready, with limits", "Not ready"),
     ("zh-hans", "就绪", "有限可用", "未就绪")],
)  # fmt: skip
def test_state_is_said_in_words(
    client: Client, monkeypatch: pytest.MonkeyPatch, language: str, ready: str, limited: str, not_ready: str,
) -> None:  # fmt: skip
    said = {health.HEALTHY: ready, health.DEGRADED: limited, health.UNHEALTHY: not_ready}
    for status, words in said.items():
        report = {"status": status, "active_tasks": 3, "waiting_tasks": 14}
        monkeypatch.setattr(views, "look", lambda report=report: report)
        answer = client.get("/", {"lang": language})
        page = answer.content.decode()
        assert words in page
        assert f'class="state {status}"' in page
        assert "14" in page
        assert answer["Content-Language"] == language
        assert answer["Cache-Control"] == "no-store"


def test_doors_are_there_and_no_secret_is(client: Client, stub: Account) -> None:
    page = client.get("/", REMOTE_ADDR="203.0.113.7").content.decode()
    links = set(re.findall(r'href="(/[^"]*)"', page))
    assert {"/playground/", "/api/docs", "/handbook/", "/admin/", "/api/v1/health"} <= links
    assert "Flower" not in page
    for secret in (settings.SECRET_KEY, stub.alias, "postgres", "redis"):
        assert secret not in page
    here = client.get("/", REMOTE_ADDR="127.0.0.1").content.decode()
    assert f"http://127.0.0.1:{settings.PORT + 1}/" in here


def test_nothing_may_be_loaded_from_elsewhere(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert client.post("/").status_code == 405
