"""The published document, held against the hub by schemathesis: requests made from it, good and bad, and their answers.

The examples are the same on each run: hypothesis derives them from the test, and prints how to run one alone.
"""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework.test import APIClient

from credits.models import GrantRule
from generation.work.run import run_queue
from genhub.platforms.models import Platform, Scope
from genhub.wsgi import application
from tests.api.documented import list_codes
from tests.api.refusals import header_of
from tests.one_transaction import one_transaction
from tests.webhooks.made import make_ids

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import checks as every
    from schemathesis.generation.modes import GenerationMode
    from schemathesis.specs.openapi import checks as openapi

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("stub", "recipes"),
    pytest.mark.filterwarnings("ignore"),
]
CHECKS = [
    every.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]
FEW = settings(
    max_examples=4, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
OPERATIONS = {
    "generate", "quote", "tasks", "tasks/{task_id}", "tasks/{task_id}/status", "tasks/{task_id}/result",
    "tasks/{task_id}/cancel", "tasks/{task_id}/refine", "tasks/{task_id}/refine/quote",
    "tasks/{task_id}/follow", "tasks/{task_id}/follow/quote", "artifacts",
    "batches", "batches/quote", "batches/{batch_id}", "batches/{batch_id}/cancel",
    "me/preferences", "me/suggestions", "me/subjects", "me/subjects/{name}",
    "artifacts/{artifact_id}", "artifacts/{artifact_id}/thumbnail", "templates", "models", "styles", "credits",
    "credits/entries", "credits/entries.csv", "credits/grants", "health", "keys/me", "keys/me/rotate",
    "tokens", "tokens/{token_id}",
    "webhooks", "webhooks/{endpoint_id}", "webhooks/{endpoint_id}/rotate", "webhooks/{endpoint_id}/test",
    "webhooks/{endpoint_id}/replay", "webhooks/{endpoint_id}/deliveries",
    "webhooks/{endpoint_id}/deliveries/{delivery_id}", "webhooks/{endpoint_id}/deliveries/{delivery_id}/replay",
}  # fmt: skip


@pytest.fixture
def document() -> Any:
    with one_transaction():
        return schemathesis.openapi.from_wsgi("/api/schema", application)


# They end in a process of their own, and never by themselves: tests/live tries them.
STREAMS = {"events", "tasks/{task_id}/events"}


def test_every_operation_is_tried(document: Any) -> None:
    paths = {found.ok().path for found in document.get_all_operations()}
    assert paths == {f"/api/v1/{name}" for name in {*OPERATIONS, *STREAMS}}


# It takes no words that could be wrong, and answers 503 when something is ill: here no worker lives.
HEALTH = "health"
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (name, mode)
        for name in sorted(OPERATIONS)
        for mode in MODES
        if (name, mode) != (HEALTH, GenerationMode.NEGATIVE)
    ],
    ids=str,
)
def test_answers_are_as_the_document_says(
    document: Any, client_of: Callable[..., APIClient], alice: APIClient, name: str, mode: Any
) -> None:
    body = {"prompt": "a star", "subject": "hero"}
    batch = alice.post("/api/v1/batches", {"orders": [body]}, format="json").json()
    [made] = batch["tasks"]
    run_queue("local")
    done = alice.get(f"/api/v1/tasks/{made['id']}").json()
    ids = {
        "task_id": done["id"], "artifact_id": done["result"]["images"][0]["id"], "name": "hero",
        "batch_id": batch["id"],
    }  # fmt: skip
    ids |= make_ids(Platform.objects.get())
    words = {"origins": ["https://app.example.com"], "max_credits": 1}
    ids["token_id"] = alice.post("/api/v1/tokens", words, format="json").json()["id"]
    key = {"Authorization": header_of(caller_for(name, client_of))["HTTP_AUTHORIZATION"]}
    checks = CHECKS[1:] if name == HEALTH else CHECKS
    path, statuses = f"/api/v1/{name}", dict[str, set[int]]()
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path != path:
            continue

        @FEW
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            for real in (False, True):
                if real:
                    case.path_parameters = {word: ids[word] for word in case.path_parameters or {}}
                response = case.call(headers=key)
                case.validate_response(response, checks=checks)
                check_code(path, response)
                statuses.setdefault(case.method, set()).add(response.status_code)

        with one_transaction():
            run()
    if mode == GenerationMode.POSITIVE:
        unread = [method for method, some in statuses.items() if not some - {401, 403, 404, 405}]
        assert unread == [], "nobody looked at what was sent"


def caller_for(name: str, client_of: Callable[..., APIClient]) -> APIClient:
    """Return a client that gets as far as what it sends."""
    if name == "credits/grants":
        GrantRule.objects.create(
            platform=Platform.objects.get(), kind="welcome", daily_most_per_user=50, daily_most=80
        )
    return client_of("" if name.startswith("webhooks") else "alice", scopes=Scope.values)


def check_code(path: str, response: Any) -> None:
    """Fail where a refusal has a code that the document does not list there."""
    if response.status_code >= 400 and "problem" in response.headers["content-type"][0]:
        code, method = response.json()["code"], response.request.method
        listed = list_codes(method, path, response.status_code)
        assert listed is None or code in listed, f"{method} {path}: {response.status_code} {code}"
