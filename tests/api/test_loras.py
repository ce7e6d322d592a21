"""LoRAs of an order: those that staff allow for the model, worn as said, else as usual."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account
from tests.api.refusals import GENERATE, check_problem, nothing_moves, refused
from tests.offers import place
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes", "loras")]

QUOTE = "/api/v1/quote"
INVALID = (400, "invalid_request")
ALLOWED = [
    {"name": "ink", "file": "ink.safetensors", "scale": 0.8, "is_usual": True},
    {"name": "gold", "file": "gold.safetensors", "scale": 1.0, "is_usual": False},
    {"name": "snow", "file": "snow.safetensors", "scale": 0.5, "is_usual": True},
    *({"name": f"more-{number}", "file": "x.safetensors"} for number in range(3)),
]


@pytest.fixture
def loras(stub: Account) -> None:
    place(stub.offers.get(), loras=ALLOWED)


@pytest.mark.parametrize(
    ("said", "worn"),
    [
        (None, [["ink", 0.8], ["snow", 0.5]]),
        ([], []),
        ([{"name": "gold"}], [["gold", 1.0]]),
        ([{"name": "ink"}], [["ink", 0.8]]),
        ([{"name": "gold", "scale": -2}, {"name": "ink", "scale": 2}], [["gold", -2.0], ["ink", 2.0]]),
        ([{"name": "snow", "scale": 0}], [["snow", 0.0]]),
    ],
    ids=str,
)  # fmt: skip
def test_order_wears_what_it_names_else_the_usual_ones(
    alice: APIClient, said: Any, worn: Any
) -> None:
    words = {} if said is None else {"loras": said}
    assert submit(alice, **words).spec["loras"] == worn
    answer = alice.get("/api/v1/tasks").json()["items"][0]
    assert answer["loras"] == [{"name": name, "scale": scale} for name, scale in worn]


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ([{"name": "pearl"}], "loras.0.name", "unknown"),
        ([{"name": "ink"}, {"name": "INK"}], "loras.1.name", "unknown"),
        ([{"name": "ink.safetensors"}], "loras.0.name", "unknown"),
        ([{"name": "ink"}, {"name": "gold"}, {"name": "ink"}], "loras.2.name", "repeated"),
        ([{"name": name} for name in ("ink", "gold", "snow", "more-0", "more-1")], "loras", "max_length"),
        ([{"name": "ink", "scale": 2.01}], "loras.0.scale", "max_value"),
        ([{"name": "ink", "scale": -2.01}], "loras.0.scale", "min_value"),
        ([{"name": "ink", "scale": "1"}], "loras.0.scale", "invalid"),
        ([{"name": "ink"}, {"scale": 1}], "loras.1.name", "required"),
        ([{"name": ""}], "loras.0.name", "blank"),
        ([{"name": 5}], "loras.0.name", "invalid"),
        ([{"name": "ink", "file": "/etc/passwd"}], "loras.0.file", "unknown"),
        (["ink"], "loras.0", "invalid"),
        ({"name": "ink"}, "loras", "not_a_list"),
        ("ink", "loras", "not_a_list"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_wrong_loras_are_refused_by_name(
    alice: APIClient, said: Any, field: str, code: str
) -> None:
    for path in (GENERATE, QUOTE):
        body = {"prompt": "a star", "loras": said}
        problem = refused(alice, path, body=body, expect=INVALID)
        found = [(error["field"], error["code"]) for error in problem["errors"]]
        assert found == [(field, code)]


def test_each_wrong_lora_is_named(alice: APIClient) -> None:
    names = ["pearl", "ink", "ink", "jade"]
    body = {"prompt": "a star", "loras": [{"name": name} for name in names]}
    problem = refused(alice, GENERATE, body=body, expect=INVALID)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("loras.0.name", "unknown"), ("loras.2.name", "repeated"), ("loras.3.name", "unknown")
    ]  # fmt: skip


def test_template_decides_what_is_worn(alice: APIClient) -> None:
    body = {"template": "badge", "parameters": {"colour": "red"}}
    for loras in ([], [{"name": "gold"}]):
        problem = refused(
            alice, GENERATE, body={**body, "loras": loras}, expect=(*INVALID, "loras")
        )
        assert [error["code"] for error in problem["errors"]] == ["decided_by_template"]
    answer = alice.post(GENERATE, body, format="json").json()
    assert [lora["name"] for lora in answer["loras"]] == ["ink", "snow"]


def test_key_of_an_order_covers_its_loras(alice: APIClient) -> None:
    def send(*loras: Any) -> Any:
        body = {"prompt": "a star", **({"loras": loras[0]} if loras else {})}
        return alice.post(GENERATE, body, format="json", HTTP_IDEMPOTENCY_KEY="once")

    first = send([{"name": "gold"}])
    with nothing_moves():
        assert send([{"name": "gold"}]).json()["id"] == first.json()["id"]
        for others in ([], [{"name": "ink"}], [{"name": "gold", "scale": 0.5}]):
            check_problem(send(others), 422, "idempotency_key_reused")
        check_problem(send(), 422, "idempotency_key_reused")


def test_key_tells_no_loras_from_nothing_said(alice: APIClient) -> None:
    def send(**words: Any) -> Any:
        body = {"prompt": "a star", **words}
        return alice.post(GENERATE, body, format="json", HTTP_IDEMPOTENCY_KEY="none")

    assert send(loras=[]).status_code == 202
    check_problem(send(), 422, "idempotency_key_reused")
