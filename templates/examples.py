"""Templates that a new hub shows; the small model of the project can draw them."""

from typing import Any

SHAPES = ["circle", "square", "triangle", "star"]
COLOURS = ["red", "green", "blue", "yellow", "purple", "orange", "black", "white"]
SHAPES_ZH = ["圆形", "正方形", "三角形", "星星"]
COLOURS_ZH = ["红色", "绿色", "蓝色", "黄色", "紫色", "橙色", "黑色", "白色"]

EXAMPLES: dict[str, dict[str, Any]] = {
    "shape": {
        "name": "Coloured shape",
        "category": "examples",
        "prompt": "a {colour} {shape} on a {background} background",
        "parameters": {
            "shape": {"type": "string", "enum": SHAPES},
            "colour": {"type": "string", "enum": COLOURS, "default": "yellow"},
            "background": {"type": "string", "enum": COLOURS, "default": "purple"},
        },
        "required": ["shape"],
    },
    "shape-zh": {
        "name": "彩色图形",
        "category": "示例",
        "prompt": "{background}背景上的{colour}{shape}",
        "parameters": {
            "shape": {"type": "string", "enum": SHAPES_ZH},
            "colour": {"type": "string", "enum": COLOURS_ZH, "default": "黄色"},
            "background": {"type": "string", "enum": COLOURS_ZH, "default": "紫色"},
        },
        "required": ["shape"],
    },
    "badge": {
        "name": "Star badge (5 credits a picture)",
        "category": "examples",
        "prompt": "a {colour} star on a white background",
        "parameters": {"colour": {"type": "string", "enum": COLOURS[:-1]}},
        "required": ["colour"],
        "price": 5,
    },
}
