"""Alibaba Cloud's text moderation: action TextModerationPlus, version 2022-03-02, signed by ACS3-HMAC-SHA256.

Facts: the vendor's API documentation. The key is `<AccessKeyId>:<AccessKeySecret>`. Options: `service`
(llm_query_moderation), `least` (from which risk on a text counts: `low`, `medium`, `high`; medium), `ignore`.
"""

import time
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from generation.moderation.judges.base import MOST_ANSWER_BYTES, Judge, Verdict
from generation.moderation.judges.signing import (
    canonical,
    digest,
    key_pair,
    keyed,
    names_of,
    now_seconds,
)
from generation.providers.base import AccountSettings
from generation.providers.http import VendorApi, unreadable
from generation.providers.sorting import Meaning, Said, error_of
from genhub.lib.ids import new_id

ACTION, VERSION, ALGORITHM = "TextModerationPlus", "2022-03-02", "ACS3-HMAC-SHA256"
USUAL_SERVICE, USUAL_LEAST = "llm_query_moderation", "medium"
TYPE: Final = "application/x-www-form-urlencoded"
RISKS: Final = ("none", "low", "medium", "high")
FINE: Final = 200
# Characters of one call.
LONGEST_TEXT: Final = 1800


class Hit(msgspec.Struct):
    """What a text was found to be."""

    Label: str = ""


class Risk(msgspec.Struct):
    """How risky a text is, and why."""

    RiskLevel: str = ""
    Result: list[Hit] = []


class Answered(msgspec.Struct):
    """An answer; its own code says whether it is a judgement."""

    Code: int
    Message: str = ""
    Data: Risk | None = None


class AliyunJudge(Judge):
    """Judges texts, one a call."""

    base_url = "https://green-cip.cn-shanghai.aliyuncs.com"
    judges_texts = True

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.address = account.base_url or self.base_url
        self.api = VendorApi(account, self.address, {}, explain, most_bytes=MOST_ANSWER_BYTES)

    def judge_text(self, text: str) -> Verdict:
        """Judge a text, a long one part by part."""
        parts = [text[begin : begin + LONGEST_TEXT] for begin in range(0, len(text), LONGEST_TEXT)]
        labels = [label for part in parts for label in self.judge_part(part).labels]
        return self.verdict(list(dict.fromkeys(labels)))

    def judge_part(self, text: str) -> Verdict:
        """Judge what the vendor takes at a time."""
        parameters = msgspec.json.encode({"content": text.encode("utf-8", "replace").decode()}).decode()  # fmt: skip
        service = str(self.account.options.get("service", USUAL_SERVICE))
        content = urlencode({"Service": service, "ServiceParameters": parameters}).encode()
        headers = self.headers_of(content, now_seconds(), new_id().hex)
        return self.read(self.api.post("/", content=content, headers=headers).parse(Answered))

    def read(self, answered: Answered) -> Verdict:
        """Return what an answer means; raise ProviderError for one that is none."""
        if answered.Code != FINE:
            raise error_of(Meaning.BROKEN, f"{answered.Code} {answered.Message}")
        said = answered.Data
        if said is None or said.RiskLevel not in RISKS:
            raise unreadable(f"the risk {said.RiskLevel if said else None!r}")
        least = str(self.account.options.get("least", USUAL_LEAST))
        if RISKS.index(said.RiskLevel) < max(RISKS.index(least), 1):
            return self.verdict([])
        return self.verdict([hit.Label for hit in said.Result if hit.Label] or [said.RiskLevel])

    def headers_of(self, content: bytes, seconds: int, nonce: str) -> dict[str, str]:
        """Return the headers of a request at a time, signed."""
        name, secret = key_pair(self.account.key)
        signed = {
            "content-type": TYPE,
            "host": urlsplit(self.address).netloc,
            "x-acs-action": ACTION,
            "x-acs-content-sha256": digest(content),
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
            "x-acs-signature-nonce": nonce,
            "x-acs-version": VERSION,
        }
        asked = canonical("/", "", signed, content)
        signature = keyed(secret.encode(), f"{ALGORITHM}\n{digest(asked.encode())}").hex()
        said = f"Credential={name},SignedHeaders={names_of(signed)},Signature={signature}"
        return {**signed, "authorization": f"{ALGORITHM} {said}"}


def explain(status: int, body: Any) -> Said | None:
    """Read `{"Code", "Message"}`."""
    if not isinstance(body, dict) or "Code" not in body:
        return None
    return Said(str(body["Code"]), str(body.get("Message") or ""))
