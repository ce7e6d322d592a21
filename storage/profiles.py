"""A colour profile from the gamma and the primaries that a PNG states as numbers."""

import struct
from collections.abc import Sequence
from typing import Final

Matrix = tuple[tuple[float, ...], ...]

# White, red, green and blue of sRGB, each as x and y.
SRGB: Final = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
D50: Final = (0.9642, 1.0, 0.8249)
BRADFORD: Final = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


def make_profile(gamma: float, primaries: Sequence[float] = SRGB) -> bytes:
    """Return an ICC profile of a file's gamma (0.45455 for example) and eight numbers.

    Empty where they describe no colours.
    """
    try:
        white, *colours = columns(primaries)
        return write_profile(adapt(white, colours), round(65536 / gamma))
    except (ZeroDivisionError, struct.error, OverflowError):
        return b""


def columns(xy: Sequence[float]) -> list[tuple[float, ...]]:
    """Return the XYZ of each chromaticity at luminance 1."""
    return [(x / y, 1.0, (1 - x - y) / y) for x, y in zip(xy[::2], xy[1::2], strict=True)]


def adapt(white: Sequence[float], colours: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    """Return the colours as bright as together they make the white, seen under ICC's D50."""
    shares = multiply(invert(transpose(colours)), white)
    seen = [
        tuple(share * value for value in colour)
        for share, colour in zip(shares, colours, strict=True)
    ]
    cones = [
        to / of for to, of in zip(multiply(BRADFORD, D50), multiply(BRADFORD, white), strict=True)
    ]
    back = invert(BRADFORD)
    return [
        multiply(back, [a * b for a, b in zip(cones, multiply(BRADFORD, colour), strict=True)])
        for colour in seen
    ]


def write_profile(colours: Sequence[Sequence[float]], power: int) -> bytes:
    """Return a display profile of three colours and one power (of 65,536ths) from values to light."""
    text = (
        b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, 2, 28) + "g".encode("utf-16-be")
    )
    points = {
        name: b"XYZ " + struct.pack(">I3i", 0, *(round(n * 65536) for n in values))
        for name, values in zip((b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ"), (D50, *colours), strict=True)
    }
    curve = b"para" + struct.pack(">IHHi", 0, 0, 0, power)
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    tags = {b"desc": text, b"cprt": text, **points, **curves}
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value.ljust(-(-len(value) // 4) * 4, b"\0")
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x3i48x",
        start + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp",
        *(round(n * 65536) for n in D50),
    )  # fmt: skip
    return head + struct.pack(">I", len(tags)) + table + body


def multiply(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> tuple[float, ...]:
    """Return the product of a matrix and a vector."""
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def transpose(matrix: Sequence[Sequence[float]]) -> Matrix:
    """Return a matrix with its rows as columns."""
    return tuple(zip(*matrix, strict=True))


def invert(matrix: Sequence[Sequence[float]]) -> Matrix:
    """Return the inverse of a matrix of three rows."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    minors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    whole = a * minors[0][0] + b * minors[1][0] + c * minors[2][0]
    return tuple(tuple(value / whole for value in row) for row in minors)
