"""Addresses and numbers as people and Kubernetes write them: taken where clear, else refused with cause and example."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

# What a link of Kubernetes to a Service looks like: NAME_PORT=tcp://10.0.0.1:8000.
SERVICE_LINK = re.compile(r"(?:tcp|udp|sctp)://", re.IGNORECASE)
LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
HOST_NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*\.?")
PORT = re.compile(r"(?:^[^:]+|\]):\d{1,5}$")
HUB, STORE = "https://hub.example.com", "https://store.example.com:9000"


def blame_service_link(name: str, text: str) -> str:
    """Return why a variable holds the address of a Service, or nothing when it holds another thing."""
    if not SERVICE_LINK.match(text):
        return ""
    service = name.removesuffix("_PORT").lower().replace("_", "-")
    return (
        f"; Kubernetes sets it for a Service called {service}: set it yourself in the pod, "
        "write `enableServiceLinks: false` there, or give the Service another name"
    )


def refuse(name: str, text: str, wanted: str, cause: str = "") -> ImproperlyConfigured:
    """Return the refusal of a variable: what it must be, what it is, and why it may be so."""
    why = f": {cause}" if cause else ""
    return ImproperlyConfigured(
        f"{name} must be {wanted}, not {text!r}{why}{blame_service_link(name, text)}"
    )


def read_number(name: str, text: str, example: int) -> int:
    """Return a whole number; anything else is refused with an example."""
    try:
        return int(text)
    except ValueError as error:
        raise refuse(name, text, f"a whole number, such as {example}") from error


def read_flag(name: str, text: str) -> bool:
    """Return yes or no; a typo is neither."""
    word = text.strip().lower()
    if word in {"true", "yes", "on", "1", "y", "ok", "t"}:
        return True
    if word in {"false", "no", "off", "0", "n", "f"}:
        return False
    raise refuse(name, text, "true or false")


def read_origin(name: str, text: str, example: str = HUB) -> str:
    """Return scheme, host and port of an address, without a slash at the end; anything more is refused."""
    value = text.strip()
    if cause := _find_fault(value):
        raise refuse(name, text, f"scheme and host alone, such as {example}", cause)
    parsed = urlsplit(value)
    return f"{parsed.scheme}://{parsed.netloc}"


def read_host(name: str, text: str) -> str:
    """Return a host name or IP address to listen on; an address with scheme or port is refused."""
    value = text.strip()
    if not is_host(value):
        raise refuse(name, text, "a host or IP address alone, such as 127.0.0.1 or 0.0.0.0")
    return value.strip("[]")


def read_allowed_host(name: str, text: str) -> str:
    """Return a host name of requests: `*` and a leading dot are Django's own words for many."""
    value = text.strip()
    if value != "*" and not is_host(value.removeprefix(".")):
        raise refuse(name, text, "host names alone, by commas, such as hub.example.com,10.0.0.5")
    return f"[{value}]" if ":" in value and not value.startswith("[") else value


def read_private_host(name: str, text: str) -> str:
    """Return a host, or one port of it, that may be dialled though it is not on the public internet."""
    value = text.strip().lower()
    host, _, port = value.rpartition(":") if PORT.search(value) else (value, "", "")
    if not is_host(host) or (":" in host and not host.startswith("[")):
        wanted = (
            "hosts with or without a port, by commas, such as sd.lan:7860,10.0.0.5,[fd00::5]:7860"
        )
        raise refuse(name, text, wanted)
    return f"{host.rstrip('.')}:{port}" if port else host.rstrip(".")


def is_host(text: str) -> bool:
    """Return whether this is a host name or an IP address, and nothing more."""
    if ":" not in text:
        return HOST_NAME.fullmatch(text) is not None
    try:
        ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _find_fault(value: str) -> str:
    try:
        parsed = urlsplit(value)
        port = parsed.port
    except ValueError as error:
        return str(error)
    faults = {
        "it holds a space": any(letter.isspace() for letter in value),
        "http:// or https:// is missing": parsed.scheme not in {"http", "https"},
        "the host is missing": not parsed.hostname,
        "the port is missing": port is None and parsed.netloc.endswith(":"),
        "a name and password have no place in it": "@" in parsed.netloc,
        "the host is not one": not is_host((parsed.hostname or "").removeprefix("*.")),
        "it has a path": parsed.path not in {"", "/"},
        "it has more than a host": "?" in value or "#" in value,
    }
    return next((fault for fault, is_there in faults.items() if is_there), "")
