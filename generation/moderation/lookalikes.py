"""Letters that look like Latin ones and are not: after Unicode's confusables.txt (UTS #39), and what people use.

What NFKC makes alike (full width, mathematical, circled letters) is not repeated here.
"""

from typing import Final

LOOKALIKES: Final = {
    "a": "аАΑαɑᴀɐᎪ",
    "b": "ВвΒЬьƄʙᏴ",
    "c": "сСϲϹᴄᏟ",
    "d": "ԁԀɗđĐᴅᎠⅾ",
    "e": "еЕΕεɛєЄҽᴇᎬə",
    "f": "ƒϜғҒꜰſ",
    "g": "ɡɢԍԌցᏀ",
    "h": "һНнΗհħĦʜᎻ",
    "i": "іІΙιıɩɪӏӀᎥ",
    "j": "јЈϳͿȷᴊᎫ",
    "k": "кКΚκᴋᏦ",
    "l": "ʟłŁᏞ",
    "m": "мМΜᴍᎷ",
    "n": "Νηոɴ",
    "o": "оОΟοσօՕøØᴏ",
    "p": "рРΡρᴘᏢ",
    "q": "ԛԚգզ",
    "r": "ɾʀᎡ",
    "s": "ѕЅꜱՏᏚ",
    "t": "тТΤτᴛŧŦᎢ",
    "u": "υսᴜՍʋ",
    "v": "νѵѴᴠᏙ",
    "w": "ѡѠԝԜωᴡᎳ",
    "x": "хХΧχ×",
    "y": "уУΥγүҮʏ",
    "z": "ΖᴢᏃ",
}
# Rows of 26 capital letters that are drawn as pictures: squared, in a black circle or box, and of flags.
ROWS: Final = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
# Digits and signs that stand for letters; “1” stands for two.
SIGNS: Final = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "€": "e"}
ONES: Final = "1!|"
