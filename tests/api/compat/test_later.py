"""The async twin of long answers at `/v1`: by a request's header, or for all by the hub's settings."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.work.run import run_queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
PATH, STAR = "/v1/images/generations", {"prompt": "a star"}
HEADER = "HTTP_X_GENHUB_ASYNC"


@pytest.mark.parametrize(
    ("is_usual", "said", "status"),
    [
        (False, None, 504), (False, "true", 202), (False, "false", 504), (False, "yes", 504),
        (True, None, 202), (True, "true", 202), (True, "false", 504), (True, " FALSE ", 504), (True, "", 202),
    ],
)  # fmt: skip
def test_who_says_nothing_is_answered_as_the_settings_say(
    alice: APIClient, settings: Settings, is_usual: bool, said: str | None, status: int
) -> None:
    """Where nobody waits, an answer that was to be waited for is 504 at once."""
    settings.OPENAI_ASYNC = is_usual
    headers: dict[str, Any] = {} if said is None else {HEADER: said}
    assert alice.post(PATH, STAR, format="json", **headers).status_code == status


def test_pictures_are_fetched_where_the_first_answer_says(
    alice: APIClient, settings: Settings
) -> None:
    settings.OPENAI_ASYNC = True
    first = alice.post(PATH, STAR, format="json")
    assert (first.json()["object"], first.json()["status"]) == ("image.task", "queued")
    assert first["x-should-retry"] == "false"
    assert alice.get(first.json()["url"]).status_code == 202
    run_queue("local")
    done = alice.get(first.json()["url"])
    assert (done.status_code, len(done.json()["data"])) == (200, 1)
