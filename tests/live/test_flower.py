"""Flower through a real nginx, as deploy/nginx.conf leads to it: by its password, and without its open doors."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from django.test import Client
from pytest_django import Settings

from genhub.users.models import User
from tests.faults.processes import flower_on, running, wait_until
from tests.live.test_nginx import nginx
from tests.patience import patience
from tests.ports import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
WHO = ("staff", "a long password")


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[httpx2.Client]:
    """A client of nginx, behind which there is Flower and no hub."""
    port = free_port()
    words = {"FLOWER_BASIC_AUTH": ":".join(WHO), "FLOWER_URL_PREFIX": "flower"}
    with (
        running(tmp_path / "flower.log", *flower_on(port), **words),
        nginx(tmp_path, web=free_port(), events=free_port(), flower=port) as secure,
        httpx2.Client(
            base_url=f"https://127.0.0.1:{secure}",
            verify=False,
            trust_env=False,
            timeout=patience(),
        ) as client,
    ):
        wait_until(lambda: client.get("/flower/workers").status_code == 401, 20, "Flower's start")
        yield client


def test_flower_is_behind_its_password_and_its_figures_are_not_to_be_had(
    outside: httpx2.Client,
) -> None:
    assert outside.get("/flower/workers", auth=("staff", "another")).status_code == 401
    page = outside.get("/flower/workers", auth=WHO)
    assert page.status_code == 200
    parts = re.findall(r'(?:src|href)="(/[^"?]+)', page.text)
    assert len(parts) > 5
    assert all(part.startswith("/flower/") for part in parts)
    styles = next(part for part in parts if part.endswith(".css"))
    assert "text/css" in outside.get(styles, auth=WHO).headers["Content-Type"]
    for path in ("/metrics", "/flower/metrics", "/flower/healthcheck"):
        assert outside.get(path, auth=WHO).status_code == 404


def test_page_of_the_queue_leads_there(admin_user: User, settings: Settings) -> None:
    # As in production, which knows no port of its own.
    del settings.PORT
    settings.PUBLIC_URL, settings.FLOWER_URL_PREFIX = "https://hub.example.com", "flower"
    staff = Client()
    staff.force_login(admin_user)
    page = staff.get("/admin/generation/queue/", follow=True).content.decode()
    assert 'href="https://hub.example.com/flower/"' in page
