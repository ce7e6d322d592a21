"""Addresses that lead inward: encodings, what readers of URLs disagree on, schemes, IPv6, ports."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

INTERNAL = [
    "127.0.0.1", "127.0.0.2", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
    "168.63.129.16", "0.0.0.0", "192.0.0.192", "224.0.0.1", "255.255.255.255",  # noqa: S104 (an address)
]  # fmt: skip
NAMES = [
    "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "metadata.google.internal",
    "metadata", "kubernetes.default.svc", "db", "redis", "127.0.0.1.nip.io", "localtest.me", "spoofed.example",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌｏｃａｌｈｏｓｔ", "loca\u00adlhost", "xn--n3h.example", "a" * 63 + ".example", "a" * 64 + ".example",
    "_service.example", "-.example", "..", ".", "example..com",
]  # fmt: skip
IPV6 = [
    "::", "::1", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "::ffff:7f00:1", "::ffff:0:7f00:1",
    "::127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::7f00:1",
    "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1", "3fff::1", "100::1",
    "fe80::1", "fe80::1%25eth0", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1",
    "::1%25lo", "5f00::1", "::ffff:8.8.8.8",
]  # fmt: skip
SCHEMES = [
    "http", "HTTP", "file", "ftp", "ftps", "sftp", "gopher", "dict", "ldap", "ldaps", "tftp", "ws", "wss", "ssh", "smb",
    "nfs", "jar", "netdoc", "phar", "expect", "unix", "http+unix", "httpx", "https+http", "view-source", "blob", "oss",
    "s3", "gs", "imap", "pop3", "rtsp", "telnet", "redis", "urn", "about",
]  # fmt: skip
PORTS = [
    0,
    1,
    22,
    25,
    80,
    444,
    2375,
    5432,
    6379,
    8000,
    8080,
    8443,
    9200,
    11211,
    65535,
    65536,
    99999,
]
# Whoever reads them otherwise than the one who dials goes inward.
DISAGREED_ON = [
    "https://public.example@127.0.0.1/", "https://127.0.0.1@public.example/", "https://public.example:443@127.0.0.1/",
    "https://:@127.0.0.1/", "https://@127.0.0.1/", "https://a:b@public.example/", "https://public.example\\@127.0.0.1/",
    "https://127.0.0.1\\@public.example/", "https://public.example\\127.0.0.1/", "https:\\\\127.0.0.1\\",
    "https://127.0.0.1#@public.example/", "https://127.0.0.1?@public.example/", "https://127.0.0.1;@public.example/",
    "https://127.0.0.1%2f@public.example/", "https://127.0.0.1%23@public.example/", "https://127.0.0.1%00.example/",
    "https://public.example%2f@127.0.0.1/", "https://[::1]@public.example/", "https://[public.example]@127.0.0.1/",
    "https:///127.0.0.1/", "https:/127.0.0.1/", "https:127.0.0.1/", "https:////127.0.0.1/", "//127.0.0.1/", "127.0.0.1",
    "/etc/passwd", "", " ", "https://", "https://:443/", "https:// 127.0.0.1/", "https://127.0.0.1 /",
    "https://127.0.0.1\t/", "https://127.0.\n0.1/", "https://127.0.0.1\r\nX: y/", " https://127.0.0.1/",
    "https://127.0.0.1 @public.example/", "https://127.0.0.1,public.example/", "https://127.0.0.1&@public.example/",
    "https://[::1", "https://::1/", "https://::1]:443/", "https://[[::1]]/", "https://[127.0.0.1]/", "https://[::1]x/",
    "https://[::ffff:127.0.0.1.]/", "https://127.0.0.1:443:443/", "https://127.0.0.1:/", "https://127.0.0.1:x/",
    "https://127.0.0.1:-1/", "https://127.0.0.1:４４３/", "hTTps://127.0.0.1/", "https://①②⑦.⓪.⓪.①/", "https://0/",
    "https://127。0。0。1/", "https://127．0．0．1/", "https://127%2e0%2e0%2e1/", "https://0x7f000001.0x0/",
    "https://00000000177.0.0.1/", "https://127.0.0.1.../", "https://\u200b127.0.0.1/", "https://𝟏27.0.0.1/",
    "https://٣/", "url:https://127.0.0.1/", "https://127.0.0.1/../../etc/passwd", "https://" + "1" * 5000 + "/",
    "https://127.0.0.1/" + "a" * 9000,
]  # fmt: skip


def write_forms(text: str) -> Iterator[str]:
    """Yield an address of IPv4 in each notation that some library takes."""
    address = IPv4Address(text)
    number, parts = int(address), [int(part) for part in text.split(".")]
    yield text
    yield f"{text}."
    yield str(number)
    yield str(number + 2**32)
    yield hex(number)
    yield f"0{number:o}"
    yield ".".join(f"0{part:o}" for part in parts)
    yield ".".join(f"{part:04o}" for part in parts)
    yield ".".join(f"0x{part:x}" for part in parts)
    yield f"0x{parts[0]:x}.0{parts[1]:o}.{parts[2] * 256 + parts[3]}"
    yield f"{parts[0]}.{number % 2**24}"
    yield ".".join(f"%{ord(letter):x}" if letter != "." else letter for letter in text)[:250]
    yield text.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    yield text.replace(".", "\u3002")
    for prefix in (0, 0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96):
        yield f"[{IPv6Address(prefix + number)}]"
    yield f"[::ffff:{text}]"
    yield f"[{IPv6Address((0x2002 << 112) + (number << 80))}]"
    yield f"[{IPv6Address((0x20010000 << 96) + (number ^ 0xFFFFFFFF))}]"


def list_hostile() -> list[str]:
    """Return all of them, each once."""
    found = [f"https://{form}/" for text in INTERNAL for form in write_forms(text)]
    found += [f"https://{name}/latest/meta-data/" for name in NAMES]
    found += [f"https://[{text}]/" for text in IPV6]
    found += [f"{scheme}://public.example/x.png" for scheme in SCHEMES]
    found += [f"{scheme}:///etc/passwd" for scheme in SCHEMES]
    found += [f"https://public.example:{port}/" for port in PORTS]
    found += DISAGREED_ON
    return list(dict.fromkeys(found))
