"""The button in the real CKEditor 5, the panel before axe, and a server in Node; `make panel` runs these tests."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from generation.life.claims import heartbeat
from genhub.handbook.rendering import FOLDER
from genhub.platforms.models import ApiKey, Platform
from storage.models import Artifact, ShareLink
from tests.browser.apps import AppServer
from tests.browser.test_panel import draw, editor, open_panel
from tests.browser.test_panel_states import View
from tests.browser.tour import shoot
from tests.front.web import HOST, Web
from tests.handbook.documents import read_blocks
from tests.patience import patience
from tests.steps import claim

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]
__all__ = ["editor"]
HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MODULES = HERE / "node_modules"
SOURCES = ROOT / "genhub" / "panel"
BUILT = ROOT / "genhub" / "static" / "genhub" / "panel"
# Each way in which a page has CKEditor 5.
BUILDS = {
    "module": 'import * as CKEDITOR from "/ckeditor/ckeditor5.js";',
    "global": 'await import("/ckeditor/ckeditor5.umd.js"); const { CKEDITOR } = globalThis;',
}
SCRIPT = """
%(build)s
import { genHubPlugin } from "%(hub)s/static/genhub/panel/ckeditor5.js";
window.editor = await CKEDITOR.ClassicEditor.create(document.querySelector("#body"), {
  licenseKey: "GPL",
  plugins: [CKEDITOR.Essentials, CKEDITOR.Paragraph, CKEDITOR.Image, CKEDITOR.ImageCaption, genHubPlugin(CKEDITOR)],
  toolbar: ["genHub"],
  genHub: { panel: { "token-url": "/hub-token", name: "article" } },
});
"""


def find_sample(word: str) -> str:
    """Return what an author of an app copies out of the handbook: the script that holds a word."""
    blocks = read_blocks(FOLDER / "en" / "panel.md")
    [sample] = [block.code for block in blocks if block.kind == "js" and word in block.code]
    return sample


def read_page(editor: AppServer, hub: Web, build: str, article: str) -> None:
    """Let the app have a page with CKEditor and this article."""
    address = f"http://{HOST}:{hub.port}"
    editor.folders["ckeditor"] = MODULES / "ckeditor5" / "dist" / "browser"
    # CKEditor's own styles are written by scripts.
    editor.policy = (
        f"default-src 'self'; script-src 'self' {address}; connect-src 'self' {address}; "
        f"style-src 'self' 'unsafe-inline'; img-src 'self' blob: data: {address}; report-uri /reports"
    )
    editor.pages["/page.js"] = ("text/javascript", SCRIPT % {"build": build, "hub": address})
    editor.page = f"""<!doctype html><html lang="zh-CN"><title>Article</title>
        <link rel="stylesheet" href="/ckeditor/ckeditor5.css"><div id="body">{article}</div>
        <script type="module" src="/page.js"></script></html>"""


@pytest.mark.parametrize("build", BUILDS)
def test_pictures_come_into_ckeditor_and_stay(
    opened: Page, editor: AppServer, hub: Web, build: str
) -> None:
    read_page(editor, hub, BUILDS[build], "<p>Before.</p>")
    page = opened
    page.set_viewport_size({"width": 1360, "height": 900})
    page.goto(editor.origin)
    star = page.locator(".ck-toolbar .ck-icon path")
    assert star.evaluate("(path) => path.getBoundingClientRect().width") > 5
    dialog = open_panel(page, name="AI 生成图片")
    dialog.get_by_label("描述画面").fill("木桌上的一杯茶，自然光")
    dialog.get_by_role("radio", name="4", exact=True).check()
    dialog.get_by_role("button", name="开始生成").click()
    expect(dialog.locator(".awaited")).to_have_count(4)
    found = claim()
    heartbeat(found, progress=0.4)
    expect(dialog.get_by_text("正在生成：40%")).to_be_visible()
    draw(found)
    expect(dialog.locator(".pick img")).to_have_count(4)
    # One is written on, which chooses it, and another is taken as it is.
    dialog.get_by_role("button", name="编辑", exact=True).first.click()
    edits = page.get_by_role("dialog", name="编辑")
    edits.get_by_label("图上文字").fill("茶")
    expect(edits.get_by_text("64 × 64 · 免费")).to_be_visible()
    edits.get_by_role("button", name="保存为新图片").click()
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(1)
    dialog.locator(".pick").nth(1).click()
    dialog.get_by_role("button", name="插入").click()
    article = page.locator(".ck-content")
    expect(article.locator("figure.image img")).to_have_count(2)
    saved = page.evaluate("editor.getData()")
    assert saved.count('alt="木桌上的一杯茶"') == 2
    assert saved.count("<figcaption>AI 生成</figcaption>") == 2
    assert len(set(re.findall(r'src="(http[^"]+/s/lnk_[^"]+)"', saved))) == 2
    shoot(page, f"ckeditor-{build}")
    # Saved, and opened by somebody without a token.
    read_page(editor, hub, BUILDS[build], saved)
    editor.mint = dict
    page.reload()
    expect(article.locator("figure.image img")).to_have_count(2)
    expect(article.locator("img").first).to_have_js_property("naturalWidth", 64)
    assert page.evaluate("editor.getData()") == saved
    assert editor.reports == []


def test_copies_stay_in_the_pages_own_store_when_token_and_hub_are_gone(
    opened: Page, editor: AppServer, hub: Web
) -> None:
    read_page(editor, hub, BUILDS["module"], "<p>Before.</p>")
    kind, script = editor.pages["/page.js"]
    # A page with a store of its own, here in the browser.
    store = 'store: async (picture) => { const copy = await picture.file(); window.kept = [copy.type, copy.size]; return "/copies/1"; },'
    editor.pages["/page.js"] = (kind, str(script).replace("genHub: {", f"genHub: {{ {store}"))
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page, name="AI 生成图片")
    dialog.get_by_label("描述画面").fill("a star")
    dialog.get_by_role("button", name="开始生成").click()
    expect(dialog.locator(".awaited")).to_have_count(1)
    draw(claim())
    dialog.locator(".pick").click()
    dialog.get_by_role("button", name="插入").click()
    expect(page.locator(".ck-content figure.image img")).to_have_attribute("src", "/copies/1")
    kind, size = page.evaluate("kept")
    artifact = Artifact.objects.get()
    assert (kind, size) == (artifact.content_type, artifact.size_bytes)
    assert not ShareLink.objects.exists()
    assert HOST + f":{hub.port}" not in page.evaluate("editor.getData()")


def test_pictures_come_into_tinymce(opened: Page, editor: AppServer, hub: Web) -> None:
    read_page(editor, hub, "", "")
    editor.folders["tinymce"] = MODULES / "tinymce"
    editor.pages["/page.js"] = ("text/javascript", find_sample("tinymce.init"))
    editor.page = f"""<!doctype html><html lang="en"><title>Article</title><textarea id="body"></textarea>
        <genhub-panel no-button token-url="/hub-token"></genhub-panel>
        <script type="module" src="http://{HOST}:{hub.port}/static/genhub/panel/panel.js"></script>
        <script src="/tinymce/tinymce.min.js"></script><script type="module" src="/page.js"></script></html>"""
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page)
    dialog.get_by_label("Describe the picture").fill('a "star" & <b>moon</b>')
    dialog.get_by_role("button", name="Generate").click()
    expect(dialog.locator(".awaited")).to_have_count(1)
    draw(claim())
    dialog.locator(".pick").click()
    dialog.get_by_role("button", name="Insert").click()
    article = page.frame_locator(".tox-edit-area iframe")
    expect(article.locator("figure.image img")).to_have_attribute("alt", 'a "star" & <b>moon</b>')
    expect(article.locator("figure.image figcaption")).to_have_text("AI-generated")
    saved = page.evaluate("tinymce.activeEditor.getContent()")
    assert re.search(r'<img src="http[^"]+/s/lnk_', saved)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_axe_finds_no_barrier(opened: Page, editor: AppServer, language: str) -> None:
    say = View("axe", language, 1280, is_dark=False).say
    editor.page = editor.page.replace('lang="en"', f'lang="{language}"')
    # What looks for barriers is put into the page, which the page's own policy does not foresee.
    editor.policy = ""
    page = opened
    found: list[tuple[str, str, str]] = []
    axe = (MODULES / "axe-core" / "axe.min.js").read_text("utf-8")

    def look(place: str) -> None:
        answer = page.evaluate("axe.run({ resultTypes: ['violations'] })")
        found.extend((place, each["id"], each["nodes"][0]["html"]) for each in answer["violations"])

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(editor.origin)
        page.evaluate(axe)
        dialog = open_panel(page, name=say("title"))
        look(f"{scheme} form")
        dialog.get_by_label(say("description")).fill("a star")
        dialog.get_by_role("button", name=say("start")).click()
        expect(dialog.locator(".awaited")).to_have_count(1)
        look(f"{scheme} drawing")
        draw(claim())
        dialog.locator(".pick").click()
        expect(dialog.get_by_label(say("alt"))).to_have_value("a star")
        look(f"{scheme} chosen")
        dialog.get_by_role("button", name=say("edit"), exact=True).first.click()
        look(f"{scheme} edit")
        page.keyboard.press("Escape")
    assert found == []


def test_node_hands_out_tokens(hub: Web, shop: Platform, tmp_path: Path) -> None:
    sample = find_sample("hubToken")
    assert len(sample.strip().splitlines()) <= 15
    (tmp_path / "sample.mjs").write_text(sample)
    (tmp_path / "run.mjs").write_text("""
        import { hubToken } from "./sample.mjs";
        async function ask(method, user) {
          const said = {};
          const response = { writeHead(status) { said.status = status; return this; }, end(body) { said.body = body; } };
          await hubToken({ method }, response, async () => user);
          return said;
        }
        console.log(JSON.stringify([await ask("POST", "alice"), await ask("POST", null), await ask("GET", "alice")]));
    """)
    secret = ApiKey.objects.issue(shop, name="server")[1]
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, "run.mjs"],
        cwd=tmp_path,
        env={
            "GENHUB_URL": f"http://{HOST}:{hub.port}",
            "GENHUB_KEY": secret,
            "APP_ORIGIN": "http://localhost:5173",
        },
        capture_output=True,
        text=True,
        timeout=patience(),
        check=True,
    )
    made, nobody, asked_otherwise = json.loads(done.stdout)
    assert made["status"] == 201
    assert json.loads(made["body"])["user"] == "alice"
    assert nobody["status"] == asked_otherwise["status"] == 403


def test_sources_are_sound_and_build_what_is_committed(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    assert npm
    for command in (["run", "types"], ["run", "build", "--", str(tmp_path)]):
        done = subprocess.run(
            [npm, "--silent", *command], cwd=SOURCES, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in BUILT.iterdir()}
