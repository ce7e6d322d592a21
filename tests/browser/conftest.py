"""A real Chromium before the live server; whatever it complains about on its console fails the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from genhub.users.models import User
from tests.browser.apps import AppServer, serving_app
from tests.front.web import HOST, Web
from tests.live.streams import serving_both
from tests.patience import patience
from tests.ports import free_port
from tests.programs import need_program
from tests.servers import leave_to_whole

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PASSWORD = "correct horse battery"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests together, before one browser."""
    leave_to_whole(items, __file__)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium, installing it where that is allowed; never skip."""
    return need_program("/usr/bin/chromium", "chromium", "fonts-noto-cjk", variable="CHROMIUM")


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    # One for all: to start it takes longer than most of these tests. Playwright's loop runs in this thread, and Django
    # takes for asynchronous code: it would refuse the ORM. The connections it keeps for it must be closed before the
    # loop ends and they are lost.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield browser
        browser.close()
        connections.close_all()


@pytest.fixture
def site(live_server: LiveServer, settings: Settings) -> str:
    """Return the live server's address; signed links lead there too."""
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def staff(site: str) -> User:
    return User.objects.create_superuser("carol", password=PASSWORD)


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said in earnest: errors, warnings of the content policy, failed requests."""
    return []


@pytest.fixture
def page(browser: Browser, site: str, complaints: list[str]) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.set_default_timeout(1000 * patience(20))
    expect.set_options(timeout=1000 * patience(5))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # Leaving a page aborts what it was still loading.
    page.on(
        "requestfailed",
        lambda request: (
            complaints.append(f"{request.failure}: {request.url}")
            if request.failure != "net::ERR_ABORTED"
            else None
        ),
    )
    page.on(
        "response",
        lambda answer: (
            complaints.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        ),
    )
    yield page
    page.close()


@pytest.fixture
def signed_in(page: Page, site: str, staff: User) -> Page:
    """The first page of the admin, as a superuser who logged in with a password."""
    page.goto(f"{site}/admin/")
    page.fill("#id_username", staff.username)
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{site}/admin/")
    return page


@pytest.fixture
def serve() -> Iterator[Callable[[], AppServer]]:
    """Serve an app: its origin is a port of its own."""
    with ExitStack() as apps:
        yield lambda: apps.enter_context(serving_app())


@pytest.fixture
def hub(tmp_path: Path, transactional_db: None) -> Iterator[Web]:
    """Both processes of the hub, whose links lead to it."""
    port = free_port()
    with serving_both(tmp_path, str(port), PUBLIC_URL=f"http://{HOST}:{port}") as web:
        yield web


@pytest.fixture
def opened(browser: Browser) -> Iterator[Page]:
    """A page that may fail as well: what it complains about is for the test to say."""
    page = browser.new_page()
    page.set_default_timeout(1000 * patience(20))
    expect.set_options(timeout=1000 * patience(20))
    yield page
    page.close()
