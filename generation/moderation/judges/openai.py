"""OpenAI's `POST moderations`, and the many who speak like it.

Facts: the vendor's Python SDK 3.57 (types/moderation_create_response.py). Options: `model` (omni-moderation-latest),
`ignore` (labels that count for nothing), `thresholds` ({"sexual": 0.4}: what counts from this score on, whatever the
vendor's own line is).
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pybase64

from generation.moderation.judges.base import MOST_ANSWER_BYTES, Judge, Verdict
from generation.providers.base import AccountSettings
from generation.providers.envelope import explain
from generation.providers.http import VendorApi, unreadable

MODEL: Final = "omni-moderation-latest"
# Of one request: a batch has a hundred orders at most.
MOST_TEXTS: Final = 32
# Of a text to which the vendor objects and does not say why.
UNNAMED: Final = "flagged"


class Result(msgspec.Struct):
    """What is said of one input; other models know other categories, and may leave one unsaid."""

    flagged: bool
    categories: dict[str, bool | None]
    category_scores: dict[str, float | None]


class Answered(msgspec.Struct):
    """An answer: a result for each input, in their order."""

    results: list[Result]


class OpenAIJudge(Judge):
    """Judges texts, many a call, and pictures, one a call."""

    base_url = "https://api.openai.com/v1"
    judges_texts = True
    judges_pictures = True

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"} if account.key else {}
        self.api = VendorApi(
            account, account.base_url or self.base_url, headers, explain, most_bytes=MOST_ANSWER_BYTES
        )  # fmt: skip

    def judge_texts(self, texts: Sequence[str]) -> list[Verdict]:
        """Judge texts, as many a call as it takes."""
        found: list[Verdict] = []
        for begin in range(0, len(texts), MOST_TEXTS):
            part = list(texts[begin : begin + MOST_TEXTS])
            found += self.ask(part, len(part))
        return found

    def judge_picture(self, jpeg: bytes) -> Verdict:
        """Judge a picture."""
        url = f"data:image/jpeg;base64,{pybase64.b64encode(jpeg).decode()}"
        [verdict] = self.ask([{"type": "image_url", "image_url": {"url": url}}], 1)
        return verdict

    def ask(self, inputs: Sequence[Any], number: int) -> list[Verdict]:
        """Return the verdicts of so many inputs."""
        model = str(self.account.options.get("model", MODEL))
        answer = self.api.post("moderations", json={"model": model, "input": inputs})
        results = answer.parse(Answered).results
        if len(results) != number:
            raise unreadable(f"{len(results)} results for {number} inputs")
        return [self.read(result) for result in results]

    def read(self, result: Result) -> Verdict:
        """Return what a result means: the vendor's own line, and those of the account."""
        named = [label for label, is_hit in result.categories.items() if is_hit]
        lines = self.account.options.get("thresholds", {})
        scores = {
            label: self.check_score(score)
            for label, score in result.category_scores.items()
            if score is not None
        }
        for label, score in scores.items():
            if label not in named and score >= float(lines.get(label, 2)):
                named.append(label)
        if result.flagged and not named:
            named = [UNNAMED]
        return self.verdict(named, scores)
