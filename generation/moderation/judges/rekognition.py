"""Amazon Rekognition's DetectModerationLabels, signed by botocore and sent as everything else is.

Facts: the vendor's API reference (JSON 1.1). The key is `<access key id>:<secret access key>`. Options: `region`
(us-east-1), `least` (percent of confidence, 60), `ignore` (labels, or the labels above them).
"""

from typing import Any, Final

import msgspec
import pybase64
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from generation.moderation.judges.base import MOST_ANSWER_BYTES, Judge, Verdict
from generation.moderation.judges.signing import key_pair
from generation.providers.base import AccountSettings
from generation.providers.http import VendorApi
from generation.providers.sorting import Said

SERVICE: Final = "rekognition"
TARGET: Final = "RekognitionService.DetectModerationLabels"
USUAL_REGION, USUAL_LEAST = "us-east-1", 60
WHOLE: Final = 100


class Label(msgspec.Struct):
    """A label, with that of the level above it."""

    Name: str
    Confidence: float
    ParentName: str = ""


class Answered(msgspec.Struct):
    """An answer: none where there is nothing to object to."""

    ModerationLabels: list[Label]


class RekognitionJudge(Judge):
    """Judges pictures, one a call."""

    judges_pictures = True

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.region = str(account.options.get("region", USUAL_REGION))
        base_url = account.base_url or f"https://{SERVICE}.{self.region}.amazonaws.com"
        self.url = f"{base_url.rstrip('/')}/"
        self.api = VendorApi(account, base_url, {}, explain, most_bytes=MOST_ANSWER_BYTES)

    def judge_picture(self, jpeg: bytes) -> Verdict:
        """Judge a picture."""
        least = self.account.options.get("least", USUAL_LEAST)
        body = {"Image": {"Bytes": pybase64.b64encode(jpeg).decode()}, "MinConfidence": least}
        content = msgspec.json.encode(body)
        answer = self.api.post("/", content=content, headers=self.sign(content))
        found = answer.parse(Answered).ModerationLabels
        ignored = self.account.options.get("ignore", ())
        labels = []
        for label in found:
            self.check_score(label.Confidence / WHOLE)
            if label.Confidence >= least and label.ParentName not in ignored:
                labels.append(label.Name)
        return self.verdict(labels)

    def sign(self, content: bytes) -> dict[str, str]:
        """Return the headers of a request, signed; raise ValueError for what is no pair of keys."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET}
        request = AWSRequest("POST", self.url, headers, content)
        SigV4Auth(Credentials(*key_pair(self.account.key)), SERVICE, self.region).add_auth(request)
        return {name: str(value) for name, value in request.headers.items()}


def explain(status: int, body: Any) -> Said | None:
    """Read `{"__type", "message"}`; capital letters differ by who refuses."""
    if not isinstance(body, dict) or not isinstance(body.get("__type"), str):
        return None
    return Said(body["__type"], str(body.get("message") or body.get("Message") or ""))
