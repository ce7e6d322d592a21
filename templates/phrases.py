"""The phrases every hub starts with, by what they are good for; staff change and add to them in the admin."""

from typing import Final

# Each in English and in Chinese: a prompt keeps to its reader's language.
PHRASES: Final[dict[str, list[tuple[str, str]]]] = {
    "product": [
        ("studio lighting", "影棚灯光"),
        ("white background", "白色背景"),
        ("8K", "8K"),
        ("professional", "专业级"),
    ],
    "illustration": [
        ("digital art", "数字艺术"),
        ("concept art", "概念艺术"),
        ("detailed", "细节丰富"),
    ],
    "photo": [
        ("photorealistic", "照片级写实"),
        ("DSLR", "单反相机拍摄"),
        ("natural lighting", "自然光"),
        ("RAW photo", "RAW 照片"),
    ],
    "ui": [
        ("flat design", "扁平化设计"),
        ("minimal", "极简"),
        ("clean", "干净利落"),
        ("UI mockup", "界面样稿"),
    ],
    "negative": [
        ("blurry", "模糊"),
        ("deformed", "变形"),
        ("extra limbs", "多余的肢体"),
        ("watermark", "水印"),
        ("text", "文字"),
    ],
}
