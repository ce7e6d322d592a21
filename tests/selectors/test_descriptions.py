"""Alternative texts are made of what was ordered: no words of quality, no model, in the reader's language around."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.selectors.descriptions import cut, describe_outputs, find_subject, language_of
from generation.work.run import run_queue
from genhub.lib.limits import LONGEST_ALT
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Message
from templates.services import create_template, publish


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        ("a yellow star, natural lighting, 8K", "a yellow star"),
        ("木桌上的一杯茶，自然光, 8k", "木桌上的一杯茶"),
        ("a star; white background\nhigh quality, over the sea", "a star, over the sea"),
        ("detailed, clean", "detailed, clean"),
        ("a detailed map", "a detailed map"),
        ("  ", ""),
    ],
)
def test_subject_is_what_is_seen(prompt: str, subject: str) -> None:
    assert find_subject(Task(spec={"prompt": prompt})) == subject


def test_long_text_ends_between_words() -> None:
    assert cut("a" * LONGEST_ALT) == "a" * LONGEST_ALT
    said = cut("star " * 40)
    assert len(said) <= LONGEST_ALT
    assert said.endswith("star…")
    assert cut("星" * 200) == "星" * (LONGEST_ALT - 1) + "…"


def test_forgotten_prompt_says_that_a_model_made_it() -> None:
    words = describe_outputs(Task(spec={"prompt": ""}))
    assert words["alt"] == "AI-generated picture"


@pytest.mark.django_db
def test_answers_and_webhooks_describe_each_picture(
    alice: APIClient, stub: Account, shop: Platform
) -> None:
    Platform.objects.update(language="zh-hans")
    endpoints.create(shop.pk, url="https://app.example.com/x", events=["task.completed"])
    publish(create_template("badge", name="Badge", prompt="a star badge, 8K"), actor="tests")

    def draw(**words: Any) -> tuple[str, str]:
        made = alice.post("/api/v1/generate", words, format="json").json()
        run_queue("local")
        [image] = alice.get(made["result_url"], HTTP_ACCEPT_LANGUAGE="en").json()["images"]
        return image["alt"], image["caption"]

    assert draw(prompt="a star, 8K", style_preset=None) == ("a star", "a star (AI-generated)")
    assert draw(template="badge")[0] == "Badge: a star badge"
    told = [json.loads(row.payload)["data"]["images"][0] for row in Message.objects.order_by("pk")]
    assert [one["caption"] for one in told] == [
        "a star（AI 生成）",
        "Badge：a star badge（AI 生成）",
    ]


@pytest.mark.parametrize(
    ("prompt", "language"),
    [("a star", "en"), ("一颗星 star", "zh-hans"), ("", "usual"), ("2 + 2 ★", "usual"), ("étoile", "en")],
)  # fmt: skip
def test_language_of_an_order_is_that_of_its_prompt(prompt: str, language: str) -> None:
    assert language_of(Task(spec={"prompt": prompt}), "usual") == language
