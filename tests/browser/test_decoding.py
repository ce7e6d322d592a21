"""What the hub makes of a picture is what a browser shows of it."""

import base64

from PIL import Image, ImageChops
from playwright.sync_api import Browser

from storage.containers import open_container
from storage.decoding import decode
from tests.storage.made_pictures import all_pictures

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


def test_every_picture_looks_as_in_a_browser(browser: Browser) -> None:
    pictures = {name: data for name, data in all_pictures().items() if name not in APART}
    files = [
        f"data:image/{name.split()[0]};base64,{base64.b64encode(data).decode()}"
        for name, data in pictures.items()
    ]
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
