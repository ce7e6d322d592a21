"""Google Cloud Vision's SafeSearch: `POST v1/images:annotate`.

Facts: the REST reference (AnnotateImageResponse, SafeSearchAnnotation). Options: `least`, from which likelihood
on a category counts ({"racy": "LIKELY"}); `ignore`.
"""

from typing import Any, Final

import msgspec
import pybase64

from generation.moderation.judges.base import MOST_ANSWER_BYTES, Judge, Verdict
from generation.providers.base import AccountSettings
from generation.providers.http import VendorApi, unreadable
from generation.providers.sorting import Said

LIKELIHOODS: Final = ("VERY_UNLIKELY", "UNLIKELY", "POSSIBLE", "LIKELY", "VERY_LIKELY")
# The vendor says it when it cannot tell: no judgement.
UNKNOWN: Final = "UNKNOWN"
USUAL: Final = {"adult": "LIKELY", "violence": "LIKELY", "racy": "VERY_LIKELY"}


class Annotated(msgspec.Struct):
    """What is said of one picture, or why nothing is."""

    safeSearchAnnotation: dict[str, str] = {}  # noqa: N815 (the vendor's name)
    error: Any = None


class Answered(msgspec.Struct):
    """An answer: one part for each picture."""

    responses: list[Annotated]


class VisionJudge(Judge):
    """Judges pictures, one a call."""

    base_url = "https://vision.googleapis.com"
    judges_pictures = True

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"x-goog-api-key": account.key}
        self.api = VendorApi(
            account, account.base_url or self.base_url, headers, explain, most_bytes=MOST_ANSWER_BYTES
        )  # fmt: skip

    def judge_picture(self, jpeg: bytes) -> Verdict:
        """Judge a picture."""
        image = {"content": pybase64.b64encode(jpeg).decode()}
        body = {"requests": [{"image": image, "features": [{"type": "SAFE_SEARCH_DETECTION"}]}]}
        found = self.api.post("v1/images:annotate", json=body).parse(Answered).responses
        if len(found) != 1 or found[0].error or not found[0].safeSearchAnnotation:
            raise unreadable(f"no annotation: {found[:1]}")
        said = found[0].safeSearchAnnotation
        lines = USUAL | dict(self.account.options.get("least", {}))
        return self.verdict([label for label, least in lines.items() if is_hit(said, label, least)])


def is_hit(said: dict[str, str], label: str, least: str) -> bool:
    """Return whether a category counts; raise ProviderError for one of which the vendor says nothing."""
    likelihood = said.get(label, UNKNOWN)
    if likelihood not in LIKELIHOODS:
        raise unreadable(f"{label} is {likelihood}")
    return LIKELIHOODS.index(likelihood) >= LIKELIHOODS.index(least)


def explain(status: int, body: Any) -> Said | None:
    """Read `{"error": {"code", "message", "status"}}`."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    return Said(str(error.get("status") or ""), str(error.get("message") or ""))
