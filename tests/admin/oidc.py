"""A provider of single sign-on that speaks OpenID Connect over real HTTP, and lies where a test says so."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.serving import serving

CLIENT, SECRET, KID = "hub-client", "s3cret-of-the-hub", "key-1"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(key: rsa.RSAPrivateKey, **words: Any) -> dict[str, Any]:
    """Return a key as the provider publishes it."""
    shown = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return shown | {"kid": KID, "use": "sig", "alg": "RS256"} | words


class Provider:
    """What it says of somebody; tests change what is public here."""

    def __init__(self) -> None:
        self.url = ""
        self.claims: dict[str, Any] = {"sub": "u-1", "preferred_username": "dave"}
        # Over what it would say: a value, or None to leave it out.
        self.lies: dict[str, Any] = {}
        self.keys = [public(KEY)]
        self.encode: Callable[[dict[str, Any]], Any] = lambda claims: jwt.encode(
            claims, KEY, "RS256", headers={"kid": KID}
        )
        self.documents: dict[str, Any] = {}
        # By path: status and body in place of what it would answer.
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        # What the browser brought to the door.
        self.wanted: dict[str, str] = {}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        } | self.documents

    def token(self, words: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Trade a code as RFC 6749 and 7636 say: the client's secret, and the verifier of the challenge."""
        proof = base64.urlsafe_b64encode(sha256(words.get("code_verifier", "").encode()).digest())
        is_right = (
            words.get("grant_type") == "authorization_code"
            and (words.get("client_id"), words.get("client_secret")) == (CLIENT, SECRET)
            and words.get("code") == "code-1"
            and words.get("redirect_uri") == self.wanted["redirect_uri"]
            and proof.rstrip(b"=").decode() == self.wanted["code_challenge"]
        )
        if not is_right:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.wanted["nonce"]}  # fmt: skip
        said = {name: value for name, value in (usual | self.claims | self.lies).items() if value is not None}  # fmt: skip
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.encode(said)}

    def open(self, address: str) -> dict[str, str]:
        """Come to the door as a browser that was sent here; return what it brings."""
        parts = urlsplit(address)
        assert address.startswith(f"{self.url}/authorize?")
        self.wanted = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self.wanted

    def answer(self, path: str, words: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append((path, words))
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self.discovery()).encode()
        if path == "/jwks":
            return 200, json.dumps({"keys": self.keys}).encode()
        if path == "/token":
            status, said = self.token(words)
            return status, json.dumps(said).encode()
        return 404, b""


@contextmanager
def answering(provider: Provider) -> Iterator[Provider]:
    """Let it answer at an address of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/authorize?"):
                # Whoever comes is somebody whom it knows already.
                brought = provider.open(provider.url + self.path)
                back = urlencode({"code": "code-1", "state": brought["state"]})
                self.send_response(302)
                self.send_header("Location", f"{brought['redirect_uri']}?{back}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.tell(*provider.answer(urlsplit(self.path).path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            words = {name: values[0] for name, values in parse_qs(body).items()}
            self.tell(*provider.answer(self.path, words))

        def tell(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        provider.url = f"http://127.0.0.1:{server.server_port}"
        yield provider
