"""A refusal stays small and cheap, whatever was sent; odd words are never answered 500."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.serializers import ChoiceField
from rest_framework.test import APIClient

from credits.api.grants import GrantSerializer
from generation.api.appeals import AppealRequest
from generation.api.follow import FollowSerializer
from generation.api.refine import RefineSerializer
from generation.api.serializers import GenerateSerializer
from generation.models import Task
from generation.work.run import run_queue
from genhub.api.edit_words import EditWords
from genhub.api.fields import StrictSerializer
from genhub.api.problems import MOST_ERRORS, problem_body
from genhub.lib.errors import NotFound
from storage.api.links import LinkWords
from storage.models import Artifact
from tests.api.refusals import GENERATE, as_body, nothing_moves, refused
from tests.faults.processes import COUNT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
INVALID = (400, "invalid_request")
SMALL_BYTES = 20_000
# The examples are the same on each run; `make faults SET=apps` asks for more of them.
QUICK = settings(
    max_examples=40 if COUNT else 12, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def test_unknown_fields_are_named_to_a_number_and_counted(alice: APIClient) -> None:
    body = {"prompt": "a star", **{str(number): 1 for number in range(70_000)}}
    problem = refused(alice, GENERATE, body=body, expect=INVALID)
    assert len(problem["errors"]) == MOST_ERRORS + 1
    assert problem["errors"][-1] == {
        "field": "", "code": "more", "message": f"And {70_000 - MOST_ERRORS} more.",
    }  # fmt: skip
    assert len(json.dumps(problem)) < SMALL_BYTES


def test_unknown_fields_of_a_part_are_counted_too(alice: APIClient) -> None:
    lora = {"name": "x", **{f"x{number}": 1 for number in range(500)}}
    problem = refused(alice, GENERATE, body={"prompt": "x", "loras": [lora]}, expect=INVALID)
    assert problem["errors"][-1]["message"] == f"And {500 - MOST_ERRORS} more."


def test_misspelt_field_is_refused_with_the_one_that_was_meant(alice: APIClient) -> None:
    body = {"promt": "a star", "heigth": 64, "zzz": 1, "mode": "slow", "num_images": 12}
    problem = refused(alice, GENERATE, body=body, expect=INVALID)
    said = {error["field"]: (error["code"], error["message"]) for error in problem["errors"]}
    assert said["promt"][1].endswith("Did you mean “prompt”?")
    assert said["heigth"][1].endswith("Did you mean “height”?")
    assert said["zzz"] == ("unknown", "There is no field of this name.")
    assert said["prompt"][0] == "required"
    assert said["mode"] == ("invalid_choice", "It must be one of these: fast, fine.")
    assert said["num_images"] == ("max_value", "At most 9.")


def test_missing_field_is_named_beside_an_unknown_one(alice: APIClient) -> None:
    body = {"prompt": "x", "loras": [{"nam": "a"}]}
    problem = refused(alice, GENERATE, body=body, expect=(*INVALID, "loras.0.name"))
    assert {error["field"] for error in problem["errors"]} == {"loras.0.name", "loras.0.nam"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("metadata", "x", "It must be an object: names with values, in braces."),
        ("loras", "x", "It must be a list."),
        ("loras", ["x"], "It must be an object: names with values, in braces."),
        ("num_images", 0, "At least 1."),
        ("subject", "x" * 1000, "At most 200 characters."),
    ],
)  # fmt: skip
def test_wrong_value_is_refused_in_plain_words(
    alice: APIClient, name: str, value: Any, message: str
) -> None:
    problem = refused(alice, GENERATE, body={"prompt": "x", name: value}, expect=INVALID)
    assert [error["message"] for error in problem["errors"]] == [message]


def test_many_choices_are_named_to_a_number() -> None:
    class Words(StrictSerializer):
        letter = ChoiceField([str(number) for number in range(100)])

    words = Words(data={"letter": "x"})
    assert not words.is_valid()
    assert str(words.errors["letter"][0]).endswith("18, 19, ….")


def test_refused_question_speaks_of_no_charge(alice: APIClient) -> None:
    problem = refused(alice, "/api/v1/tasks?limit=x", method="get", expect=(*INVALID, "limit"))
    assert problem["detail"] == "Mend what is listed and ask again."


def test_unknown_model_is_refused_with_some_that_there_are(alice: APIClient, stub: Any) -> None:
    for number in range(7):
        stub.offers.create(alias=f"a-{number}")
    body = {"prompt": "x", "model": "no-such"}
    [error] = refused(alice, GENERATE, body=body, expect=(*INVALID, "model"))["errors"]
    assert error["message"].endswith(
        "GET models lists those there are, such as: a-0, a-1, a-2, a-3, a-4."
    )


LONG = "x" * 300_000
BIG: list[Any] = [
    {"prompt": "x", LONG: 1},
    *({"prompt": "x", name: LONG} for name in ("quality", "mode", "priority", "type", "model", "cache", "user")),
    *({"prompt": "x", name: [LONG] * 3} for name in ("quality", "mode", "seed", "image")),
    {"prompt": "x", "loras": [5] * 100_000},
    {"prompt": "x", "metadata": {"a": [[]] * 100_000}},
    {"prompt": "x", "metadata": {LONG: 1}},
    {"prompt": "x", "metadata": {"a": 10**4000}},
    {"template": "shape", "parameters": {"shape": LONG}},
    {"template": "shape", "parameters": {"shape": [1] * 100_000}},
    {"template": "shape", "parameters": {f"p{number}": 1 for number in range(4000)}},
    {"template": LONG},
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BIG)))
def test_refusal_of_a_large_body_is_small(alice: APIClient, number: int) -> None:
    problem = refused(alice, GENERATE, body=BIG[number], expect=INVALID)
    assert len(json.dumps(problem)) < SMALL_BYTES
    assert len(problem["errors"]) <= MOST_ERRORS + 1


@pytest.mark.parametrize("raw", [b"[" * 200_000, b'{"a":' * 100_000, b'{"seed":' + b"9" * 10_000 + b"}",
                                 b'{"seed":NaN}', b'{"seed":-Infinity}', b"\xff\xfe{}"],
                         ids=["lists", "objects", "digits", "nan", "infinity", "utf-16"])  # fmt: skip
def test_body_that_is_no_sane_json_is_malformed(alice: APIClient, raw: bytes) -> None:
    refused(alice, GENERATE, raw=raw, expect=(400, "malformed_body"))


@pytest.mark.parametrize("value", ["1e999", "1" * 4000, "-1e999"])
def test_huge_numbers_are_refused(alice: APIClient, value: str) -> None:
    for name in ("seed", "cfg_scale", "width", "strength"):
        raw = f'{{"prompt":"x","{name}":{value}}}'.encode()
        refused(alice, GENERATE, raw=raw, expect=(*INVALID, name))


WORDS = [name for name in map(str, GenerateSerializer().fields) if name != "user"]


def test_null_means_not_said(alice: APIClient) -> None:
    body = dict.fromkeys([*WORDS, "user", *GenerateSerializer.UNSUPPORTED]) | {"prompt": "a star"}
    assert alice.post(GENERATE, body, format="json").status_code == 202
    assert alice.post("/api/v1/quote", body, format="json").status_code == 200


def test_null_means_not_said_of_a_refinement_and_a_lora(alice: APIClient) -> None:
    made = alice.post(GENERATE, {"prompt": "a star"}, format="json").json()
    run_queue("local")
    body = dict.fromkeys(RefineSerializer().fields)
    address = f"/api/v1/tasks/{made['id']}/refine"
    assert alice.post(f"{address}/quote", body, format="json").status_code == 200
    assert alice.post(address, body, format="json").status_code == 202
    lora = {"prompt": "x", "loras": [{"name": "nobody", "scale": None}]}
    refused(alice, GENERATE, body=lora, expect=(*INVALID, "loras.0.name"))


def test_mark_before_utf_8_is_skipped(alice: APIClient) -> None:
    raw = b"\xef\xbb\xbf" + json.dumps({"prompt": "星"}).encode()
    answer = alice.generic("POST", GENERATE, **as_body(raw=raw))
    assert answer.status_code == 202


TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
    | st.sampled_from(["\ud800", "\0", "", " ", "high", "1e5", 2**63, 2**64, -1, 10**400, 1e308]),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(TEXTS, parts, max_size=4),
    max_leaves=6,
)  # fmt: skip


def check_answer(answer: Any) -> None:
    assert answer.status_code < 500, answer.content[:500]
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"]


@pytest.mark.whole
@pytest.mark.parametrize(
    "word", [*WORDS, "user", "no_such_word", *sorted(GenerateSerializer.UNSUPPORTED)]
)
@QUICK
@given(data=st.data())
def test_any_value_of_any_word_of_an_order(alice: APIClient, word: str, data: Any) -> None:
    value = data.draw(JSON)
    body = json.dumps({"prompt": "x", word: value})
    check_answer(alice.generic("POST", "/api/v1/quote", body, content_type="application/json"))
    before = Task.objects.count()
    answer = alice.generic("POST", GENERATE, body, content_type="application/json")
    check_answer(answer)
    assert Task.objects.count() - before == (answer.status_code == 202)


@pytest.fixture
def done(alice: APIClient) -> str:
    """A task with a picture to go on from: of one that there is not, no word is read."""
    made = alice.post(GENERATE, {"prompt": "a star"}, format="json").json()
    run_queue("local")
    return str(made["id"])


@pytest.mark.whole
@pytest.mark.parametrize(
    "serializer",
    [RefineSerializer, FollowSerializer, GrantSerializer, AppealRequest, EditWords, LinkWords],
)
@QUICK
@given(data=st.data())
def test_any_value_of_any_word_of_other_bodies(
    alice: APIClient, done: str, serializer: Any, data: Any
) -> None:
    word = data.draw(st.sampled_from(sorted(serializer().fields)))
    body = json.dumps({word: data.draw(JSON)})
    doors = ("refine", "refine/quote", "follow", "follow/quote", "appeal")
    picture = f"artifacts/art_{Artifact.objects.get().pk.hex}"
    of_pictures = (f"{picture}/{door}" for door in ("edits/quote", "links"))
    for address in (
        *(f"tasks/{done}/{door}" for door in doors),
        *of_pictures,
        "credits/grants",
        "receipts/verify",
    ):
        answer = alice.generic("POST", f"/api/v1/{address}", body, content_type="application/json")
        check_answer(answer)


LISTS = [
    "tasks",
    "templates",
    "styles",
    "phrases",
    "models",
    "credits",
    "credits/entries",
    "credits/entries.csv",
]
QUERY = [
    "limit", "page", "cursor", "user", "format", "kind", "task", "since", "until", "nothing", "status", "template",
    "model", "metadata", "metadata.", "metadata.a",
]  # fmt: skip
ODD = TEXTS.filter(lambda text: not any("\ud800" <= letter <= "\udfff" for letter in text)) | st.sampled_from(
    ["9" * 5000, "0" * 5000 + "1", "-1", "1e5", "１", "\0", "%ED%A0%80", "bz0xMDAw", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OQ=="]
)  # fmt: skip


@pytest.mark.whole
@pytest.mark.parametrize("address", LISTS)
@QUICK
@given(data=st.data())
def test_any_text_at_any_word_of_an_address(alice: APIClient, address: str, data: Any) -> None:
    words = data.draw(st.dictionaries(st.sampled_from(QUERY), ODD, min_size=1, max_size=3))
    with nothing_moves():
        answer = alice.get(f"/api/v1/{address}", words)
        check_answer(answer)


@pytest.mark.parametrize("word", ["limit", "page"])
@pytest.mark.parametrize("digits", ["9" * 5000, "0" * 5000 + "1"])
def test_number_of_thousands_of_digits_is_refused(alice: APIClient, word: str, digits: str) -> None:
    for address in ("tasks", "credits/entries"):
        if (address, word) != ("credits/entries", "page"):
            path = f"/api/v1/{address}?{word}={digits}"
            refused(alice, path, method="get", expect=(*INVALID, word))


@QUICK
@given(name=ODD.filter(lambda text: text and "/" not in text))
def test_any_text_as_an_id(alice: APIClient, name: str) -> None:
    from urllib.parse import quote  # noqa: PLC0415 (only here)

    said = quote(name, safe="")
    for path in (f"tasks/{said}", f"tasks/{said}/status", f"tasks/{said}/result", f"artifacts/{said}",
                 f"artifacts/{said}/thumbnail", f"artifacts/{said}/poster"):  # fmt: skip
        check_answer(alice.get(f"/api/v1/{path}"))
    for path in (f"tasks/{said}/cancel", f"tasks/{said}/refine", f"tasks/{said}/follow"):
        check_answer(alice.post(f"/api/v1/{path}", {}, format="json"))


def test_detail_of_a_problem_is_cut_and_can_be_encoded() -> None:
    body = problem_body(NotFound(thing="\ud800" + "x" * 5000))
    answer = json.dumps(body, ensure_ascii=False).encode()
    assert len(answer) < 2000
