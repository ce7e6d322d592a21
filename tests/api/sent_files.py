"""Files that are announced and sent to the store as an app does."""

from typing import Any

from django.test import Client
from rest_framework.test import APIClient

from tests.api.test_uploads import scene
from tests.storage.made_pictures import encode

UPLOADS = "/api/v1/uploads"
PICTURE = encode(scene())


def announce(
    client: APIClient, *, data: bytes = PICTURE, headers: Any = None, **words: Any
) -> dict[str, Any]:
    """Announce a PNG and return the answer."""
    body = {"content_type": "image/png", "size_bytes": len(data), **words}
    answer = client.post(UPLOADS, body, format="json", **(headers or {}))
    assert answer.status_code == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def put(upload: dict[str, Any], data: bytes = PICTURE, kind: str = "image/png") -> Any:
    """Send a file to where it was told to go, without a key."""
    return Client().put(upload["url"], data, content_type=kind)


def send_file(client: APIClient) -> str:
    """Return the id of an upload whose file is there."""
    upload = announce(client)
    assert put(upload).status_code == 200
    return str(upload["id"])
