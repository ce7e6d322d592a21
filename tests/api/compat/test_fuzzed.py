"""Requests made from the types of OpenAI's own SDK, and from the words of each dialect with any value: each is answered
or refused, and none breaks the hub."""

import json
from collections.abc import Callable
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openai.types.image_edit_params import ImageEditParamsNonStreaming
from openai.types.image_generate_params import ImageGenerateParamsNonStreaming
from openai.types.moderation_create_params import ModerationCreateParams
from openai.types.video_create_params import VideoCreateParams
from rest_framework.test import APIClient

from generation.api.compat.openai.relayed_words import RelayedSerializer
from generation.api.compat.openai.video_words import VideosSerializer
from generation.api.compat.openai.words import EditsSerializer, GenerationsSerializer
from generation.api.compat.replicate.words import PredictionSerializer
from generation.api.compat.sdapi.words import PictureSerializer, TextSerializer
from generation.models import Account
from tests.api.album import PNG, uri

pytestmark = [pytest.mark.whole, pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
# The examples are the same on each run; more of them: `max_examples`.
MANY = settings(
    max_examples=40, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
ASYNC: dict[str, Any] = {"HTTP_X_GENHUB_ASYNC": "true"}
TEXTS = st.one_of(
    st.sampled_from(["a star", "stub:fail", "", " ", "图", "\0", "\ud800"]), st.text()
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXTS,
    st.sampled_from([0, 1, -1, 2**63, 64, 512, 1.5, "1024x1024", "auto", "true", "high", uri(PNG)]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


PLAIN = {str: TEXTS, int: st.integers(), float: st.floats(), bool: st.booleans()}


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a type as JSON has them."""
    args, origin = get_args(hint), str(get_origin(hint))
    if hasattr(hint, "__required_keys__"):
        found: st.SearchStrategy[Any] = of_params(hint)
    elif not args:
        found = PLAIN.get(hint, st.none())
    elif "Literal" in origin:
        found = st.sampled_from(args)
    elif "Union" in origin:
        found = st.one_of([of_type(one) for one in args])
    elif "Annotated" in origin or "Required" in origin:
        found = of_type(args[0])
    else:
        found = st.lists(of_type(args[0]), max_size=3)
    return found


def of_params(params: Any, *, without: tuple[str, ...] = ()) -> st.SearchStrategy[dict[str, Any]]:
    """Return bodies that the SDK's own types allow."""
    hints = {name: hint for name, hint in get_type_hints(params).items() if name not in without}
    needed = {
        name: of_type(hint) for name, hint in hints.items() if name in params.__required_keys__
    }
    others = {name: of_type(hint) for name, hint in hints.items() if name not in needed}
    return st.fixed_dictionaries(needed, optional=others)


def check(answer: Any, body: Any) -> None:
    """Fail for an answer that nobody meant. Here nobody waits, and no worker draws: what is taken is under way."""
    is_under_way = answer.status_code == 504 and b"the task" in answer.content.lower()
    assert answer.status_code < 500 or is_under_way, (answer.status_code, body, answer.content)
    assert answer.status_code != 409
    if answer.status_code >= 400:
        assert answer.json(), body


def try_each(client: APIClient, path: str, bodies: st.SearchStrategy[Any]) -> set[int]:
    """Send each body, also with what JSON has no word for, and return which statuses came."""
    found: set[int] = set()

    @MANY
    @given(bodies)
    def send(body: Any) -> None:
        text = json.dumps(body)
        answer = client.generic("POST", path, text, content_type="application/json", **ASYNC)
        found.add(answer.status_code)
        check(answer, text)

    send()
    return found


@pytest.fixture
def clips(stub: Account) -> Account:
    """A model of clips beside that of pictures."""
    stub.offers.create(
        alias="sora-2", media_types=["video"], default_width=64, default_height=64, smallest_side=16
    )
    return stub


SDK: dict[str, tuple[str, Any]] = {
    "generations": ("images/generations", ImageGenerateParamsNonStreaming),
    "videos": ("videos", VideoCreateParams),
    "moderations": ("moderations", ModerationCreateParams),
}


@pytest.mark.parametrize("name", sorted(SDK))
def test_what_the_sdk_can_send_is_answered(alice: APIClient, clips: Account, name: str) -> None:
    path, params = SDK[name]
    bodies = of_params(params, without=("input_reference",))
    assert 400 in try_each(alice, f"/v1/{path}", bodies)
    # Of those that name what is there, some are taken.
    usual = {"input": "a star"} if name == "moderations" else {"prompt": "a star"}
    more = {"model": "sora-2"} if name == "videos" else {}
    answer = alice.post(f"/v1/{path}", usual | more, format="json", **ASYNC)
    assert answer.status_code in {200, 202}, answer.content


@pytest.mark.usefixtures("clips")
def test_what_the_sdk_can_send_with_a_picture_is_answered(alice: APIClient, clips: Account) -> None:
    bodies = of_params(ImageEditParamsNonStreaming, without=("image", "mask"))
    texts = bodies.map(as_texts)

    @MANY
    @given(texts, st.booleans())
    def send(body: dict[str, str], has_mask: bool) -> None:
        files = {"image": as_file(), **({"mask": as_file()} if has_mask else {})}
        check(alice.post("/v1/images/edits", {**body, **files}, **ASYNC), body)

    send()


def as_texts(body: dict[str, Any]) -> dict[str, str]:
    """Return words as a form has them."""
    return {name: str(value).encode(errors="replace").decode() for name, value in body.items()}


def as_file() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 (here alone)

    return SimpleUploadedFile("a.png", PNG, "image/png")


DOORS: dict[str, tuple[str, Any]] = {
    "openai generations": ("/v1/images/generations", GenerationsSerializer),
    "openai edits": ("/v1/images/edits", EditsSerializer),
    "openai videos": ("/v1/videos", VideosSerializer),
    "new-api": ("/v1/video/generations", RelayedSerializer),
    "replicate": ("/replicate/v1/predictions", PredictionSerializer),
    "sdapi txt2img": ("/sdapi/v1/txt2img", TextSerializer),
    "sdapi img2img": ("/sdapi/v1/img2img", PictureSerializer),
}


@pytest.mark.parametrize("name", sorted(DOORS))
def test_any_value_of_a_word_is_answered_or_refused(
    alice: APIClient, clips: Account, name: str
) -> None:
    path, words = DOORS[name]
    own: Callable[[], Any] = words
    names = [*own().fields, "prompt", "nobody_knows"]
    bodies = st.one_of(
        st.dictionaries(st.sampled_from(names), VALUES, max_size=5),
        st.dictionaries(st.sampled_from(names), VALUES, max_size=3).map(
            lambda body: {"prompt": "a star", **body, "stream": False}
        ),
        VALUES,
    )
    assert any(400 <= status < 500 for status in try_each(alice, path, bodies))
