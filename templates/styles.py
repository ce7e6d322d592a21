"""The styles every hub starts with; staff change and add to them in the admin."""

from typing import TypedDict


class StyleSeed(TypedDict):
    """The words of one style."""

    name_en: str
    name_zh: str
    suffix_en: str
    suffix_zh: str
    negative_prompt: str


STYLES: dict[str, StyleSeed] = {
    "default": {
        "name_en": "Default",
        "name_zh": "默认",
        "suffix_en": "high quality",
        "suffix_zh": "高质量",
        "negative_prompt": "",
    },
    "photorealistic": {
        "name_en": "Photorealistic",
        "name_zh": "写实摄影",
        "suffix_en": "photorealistic, DSLR, natural lighting, high detail",
        "suffix_zh": "写实摄影,自然光,高细节",
        "negative_prompt": "painting, drawing, cartoon",
    },
    "illustration": {
        "name_en": "Illustration",
        "name_zh": "插画",
        "suffix_en": "digital illustration, clean lines, detailed",
        "suffix_zh": "数字插画,线条干净,细节丰富",
        "negative_prompt": "photo, noise",
    },
    "anime": {
        "name_en": "Anime",
        "name_zh": "动漫",
        "suffix_en": "anime style, cel shading, vivid colours",
        "suffix_zh": "动漫风格,赛璐璐上色",
        "negative_prompt": "photo, realistic skin",
    },
    "oil_painting": {
        "name_en": "Oil painting",
        "name_zh": "油画",
        "suffix_en": "oil painting, visible brush strokes, canvas texture",
        "suffix_zh": "油画,可见笔触,画布质感",
        "negative_prompt": "photo, flat colours",
    },
}
