"""What the hub makes of a picture is what a browser shows of it."""

import base64

from PIL import Image, ImageChops
from playwright.sync_api import Browser

from storage.containers import RefusedPicture, open_container
from storage.decoding import decode
from storage.relabelling import relabel
from tests.storage.made_pictures import LABEL, all_pictures

SHOW = """async (files) => {
    const shown = [];
    for (const file of files) {
        const image = new Image();
        image.src = file;
        try { await image.decode(); } catch (error) { shown.push(null); continue; }
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const paper = canvas.getContext("2d");
        paper.fillStyle = "white";
        paper.fillRect(0, 0, canvas.width, canvas.height);
        paper.drawImage(image, 0, 0);
        const {data} = paper.getImageData(0, 0, canvas.width, canvas.height);
        shown.push([canvas.width, canvas.height, Array.from(data)]);
    }
    return shown;
}"""
# The browser shows the first grey at the end; and it does not turn WebP, which others do.
APART = {"jpeg without its end", "webp held 6"}
# Rounding, and the steps in which a profile is computed.
NEAR = 2


def as_address(name: str, data: bytes) -> str:
    """Return a picture as an address that holds it."""
    return f"data:image/{name.split(maxsplit=1)[0]};base64,{base64.b64encode(data).decode()}"


# Its end is written where it is missing, and then the browser shows that.
LENGTHENED = {"jpeg without its end"}


def test_every_picture_looks_as_in_a_browser(browser: Browser) -> None:
    pictures = {name: data for name, data in all_pictures().items() if name not in APART}
    files = [as_address(name, data) for name, data in pictures.items()]
    seen = browser.new_page().evaluate(SHOW, files)
    faults = []
    for (name, data), shown in zip(pictures.items(), seen, strict=True):
        assert shown is not None, f"{name}: the browser shows nothing, so this proves nothing"
        width, height, values = shown
        wanted = Image.frombytes("RGBA", (width, height), bytes(values)).convert("RGB")
        found = decode(open_container(data))
        if found.size != wanted.size:
            faults.append(f"{name}: {found.size} instead of {wanted.size}")
            continue
        worst = max(ImageChops.difference(found, wanted).tobytes())
        if worst > NEAR:
            faults.append(f"{name}: a value differs by {worst}")
    assert not faults, "\n".join(faults)


def test_vendors_picture_looks_the_same_with_our_label(browser: Browser) -> None:
    pairs: dict[str, tuple[bytes, bytes]] = {}
    for name, data in all_pictures().items():
        try:
            pairs[name] = (data, relabel(data, LABEL))
        except RefusedPicture:
            assert name in {"png of two frames", "webp animated"}
    page = browser.new_page()
    before, after = (
        page.evaluate(SHOW, [as_address(name, pair[side]) for name, pair in pairs.items()])
        for side in (0, 1)
    )
    assert len(pairs) > 100
    assert None not in before
    faults = {
        name
        for name, came, stored in zip(pairs, before, after, strict=True)
        if name not in LENGTHENED and came != stored
    }
    assert not faults
