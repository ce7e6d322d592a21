"""The terms every hub starts with; staff change and add to them in the admin, and load longer lists."""

from typing import Final

from generation.models.term import Category, Language, Term

WORD, PHRASE, ALLOW = Term.Kind.WORD, Term.Kind.PHRASE, Term.Kind.ALLOW
# By language and kind: what is found in a prompt, and why it is refused.
TERMS: Final[dict[tuple[str, str], dict[str, list[str]]]] = {
    (Language.EN, WORD): {
        Category.SEXUAL: ["nude", "naked", "explicit"],
        Category.VIOLENCE: ["violence", "gore"],
        Category.MINORS: ["underage"],
    },
    (Language.EN, ALLOW): {
        Category.OTHER: [
            "naked eye",
            "naked mole rat",
            "naked singularity",
            "nude color",
            "nude colour",
            "nude lipstick",
            "nude heels",
            "non-violence",
            "domestic violence awareness",
            "Al Gore",
        ],
    },
    # In both scripts: folding knows letters, not which characters were simplified.
    (Language.ZH, PHRASE): {
        Category.SEXUAL: ["裸体", "裸體", "全裸", "裸照", "无码", "無碼", "色情", "淫秽", "淫穢", "做爱", "做愛", "性交"],
        Category.VIOLENCE: ["血腥", "暴力", "虐杀", "虐殺", "斩首", "斬首", "肢解"],
        Category.MINORS: ["未成年色", "幼女", "萝莉控", "蘿莉控", "恋童", "戀童"],
        Category.ILLEGAL: ["冰毒", "海洛因", "制毒"],
    },
    (Language.ZH, ALLOW): {
        Category.OTHER: ["无码头", "無碼頭", "反暴力", "非暴力", "暴力美学", "拒绝暴力", "幼女装", "扫黄打非"],
    },
}  # fmt: skip
