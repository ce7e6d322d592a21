"""Text on a picture: broken into lines, outlined, on a ground of its own where one is asked for.

Imports nothing of the hub but its neighbours.
"""

from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageColor, ImageDraw, ImageFont

from storage.edits.geometry import Box, EditRefused, Size, put
from storage.edits.operations import Text
from storage.edits.wrapping import wrap

OPAQUE: Final = 255
Font = ImageFont.FreeTypeFont
# A file and, of a collection of fonts, the number of the one that is meant.
FontFile = tuple[str, int]


@dataclass(frozen=True)
class Block:
    """Lines as they stand below each other: lengths in pixels, without the padding around them."""

    lines: list[str]
    lengths: list[float]
    width: int
    height: int
    pitch: int


def write(image: Image.Image, text: Text, file: FontFile) -> Image.Image:
    """Return the picture with the text on it; refuse text that does not fit."""
    font = ImageFont.truetype(file[0], text.size, index=file[1])
    around = 2 * (text.padding + text.outline_width)
    most = (text.width or image.width - 2 * text.margin) - around
    block = lay_out(text, font, most)
    if block.width > most or block.height + around > image.height:
        raise EditRefused("size", "does_not_fit", width=image.width, height=image.height)
    outer = (text.width or block.width + around, block.height + around)
    if outer[0] > image.width:
        raise EditRefused("width", "outside", width=image.width, height=image.height)
    box = put(outer, image.size, text)
    if text.background:
        image = paint(image, Image.new("L", outer, OPAQUE), box, text.background)
    if text.outline_width:
        outline = draw_mask(block, text, font, outer, stroke=text.outline_width)
        image = paint(image, outline, box, text.outline_color)
    return paint(image, draw_mask(block, text, font, outer), box, text.color)


def lay_out(text: Text, font: Font, most: float) -> Block:
    """Return a text's lines, broken at so many pixels."""
    lines = wrap(text.text, most, font.getlength)
    lengths = [font.getlength(line) for line in lines]
    ascent, descent = font.getmetrics()
    pitch = round(text.size * text.line_spacing)
    height = ascent + descent + pitch * (len(lines) - 1)
    return Block(lines, lengths, -int(-max(lengths) // 1), height, pitch)


def draw_mask(block: Block, text: Text, font: Font, size: Size, *, stroke: int = 0) -> Image.Image:
    """Return where the letters are: white in a box of this size, each line where the alignment says."""
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    edge = text.padding + text.outline_width
    shares = {"left": 0.0, "center": 0.5, "right": 1.0}
    for number, (line, length) in enumerate(zip(block.lines, block.lengths, strict=True)):
        left = edge + (size[0] - 2 * edge - length) * shares[text.align]
        place = (left, edge + number * block.pitch)
        draw.text(place, line, fill=OPAQUE, font=font, stroke_width=stroke)
    return mask


def paint(image: Image.Image, mask: Image.Image, box: Box, color: str) -> Image.Image:
    """Return the picture with a colour where the mask of a box is white, over what is there; transparent colours let it
    shine through."""
    red, green, blue, *alpha = ImageColor.getrgb(color)
    if alpha and alpha[0] < OPAQUE:
        mask = mask.point([value * alpha[0] // OPAQUE for value in range(256)])
    if image.mode == "RGB":
        image.paste((red, green, blue), box.edges, mask)
        return image
    layer = Image.new("RGBA", mask.size, (red, green, blue, 0))
    layer.putalpha(mask)
    image.alpha_composite(layer, (box.left, box.top))
    return image
