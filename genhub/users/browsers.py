"""What people call a browser, of what it says of itself."""

import re
from typing import Final

# Each says that it is the ones below it, too.
BROWSERS: Final = {
    "WeChat": "MicroMessenger/", "Edge": "Edg(?:A|iOS)?/", "Opera": "OPR/", "Samsung Internet": "SamsungBrowser/",
    "Firefox": "(?:Firefox|FxiOS)/", "Chrome": "(?:Chrome|CriOS)/", "Safari": "Version/[\\d.]+.* Safari/",
}  # fmt: skip
SYSTEMS: Final = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "HarmonyOS": "HarmonyOS|OpenHarmony",
    "Windows": "Windows", "macOS": "Mac OS X", "ChromeOS": "CrOS", "Linux": "Linux",
}  # fmt: skip
LONGEST_UNKNOWN: Final = 60


def name_browser(text: str) -> str:
    """Return browser and system, such as “Firefox, Windows”; the text's beginning where neither is known."""
    known = filter(None, (find(BROWSERS, text), find(SYSTEMS, text)))
    return ", ".join(known) or text[:LONGEST_UNKNOWN] or "–"


def find(names: dict[str, str], text: str) -> str:
    """Return the first name whose pattern a text holds; empty without one."""
    return next((name for name, pattern in names.items() if re.search(pattern, text)), "")
