"""Content credentials, as C2PA's own reader tells them: who made a picture, of what, and what was changed since."""

import io
import json
import stat
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import c2pa
import pytest
from django.core.exceptions import ImproperlyConfigured
from PIL import Image

from storage import credentials, signing_keys
from storage.checks import check_signing_keys
from storage.content import Finish
from storage.credentials import PARENT, History, Ingredient, sign_encoded
from storage.edits.editing import Drawn, Plan, Wanted, store_edit
from storage.encoding import FORMATS, encode_as
from storage.keys import output_id
from storage.labels import NONE
from storage.models import Artifact
from storage.seals import label_output
from storage.services import record_artifact, save_picture
from storage.signing_keys import CHAIN, KEY, ensure_pair, find_pair, make_pair, read_pair
from storage.texts import add_text, read_texts
from tests.storage import made_pictures as made
from tests.storage.conftest import local
from tests.storage.made_pictures import LABEL
from tests.storage.test_outputs import ATTEMPT, save

__all__ = ["local"]
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
MADE = History(uuid.UUID(int=7), "a model")
CROPPED = made.scene().crop((0, 0, 12, 12))


def read(data: bytes, content_type: str) -> dict[str, Any]:
    """Return what C2PA's reader says of a file, for whoever trusts this hub."""
    trust = {"user_anchors": find_pair().anchor}
    context = c2pa.Context.from_dict({**credentials.OFFLINE, "trust": trust})
    with c2pa.Reader(content_type, io.BytesIO(data), context=context) as reader:
        told: dict[str, Any] = json.loads(reader.json())
    return told


def active(told: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of the file itself."""
    found: dict[str, Any] = told["manifests"][told["active_manifest"]]
    return found


def actions(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a manifest says was done."""
    (found,) = (one for one in manifest["assertions"] if one["label"].startswith("c2pa.actions"))
    done: list[dict[str, Any]] = found["data"]["actions"]
    return done


@pytest.mark.parametrize("form", FORMATS)
def test_credentials_of_a_generated_picture(form: str) -> None:
    plain = encode_as(made.scene().resize((64, 48)), LABEL, form)
    signed = sign_encoded(plain, MADE)
    told = read(signed.data, signed.content_type)
    assert (told["validation_state"], told.get("validation_status")) == ("Trusted", None)
    manifest = active(told)
    assert manifest["title"] == f"art_{MADE.artifact_id.hex}"
    assert manifest["claim_generator_info"][0]["name"] == "GenHub"
    assert "thumbnail" not in manifest
    (done,) = actions(manifest)
    assert (done["action"], done["digitalSourceType"]) == ("c2pa.created", TRAINED)
    assert done["softwareAgent"] == {"name": "a model"}
    before, after = (Image.open(io.BytesIO(data)) for data in (plain.data, signed.data))
    assert before.convert("RGB").tobytes() == after.convert("RGB").tobytes()
    assert after.info["xmp"] == LABEL.xmp, "the label that was there before"
    changed = bytearray(signed.data)
    place = signed.data.index(b"a producer")
    changed[place] ^= 1
    assert read(bytes(changed), signed.content_type)["validation_state"] == "Invalid"


def test_a_text_that_is_added_leaves_no_signature_that_fails() -> None:
    signed = sign_encoded(encode_as(CROPPED, LABEL, "png"), MADE).data
    told = add_text(signed, "parameters", "a star")
    assert b"caBX" in signed
    assert b"caBX" not in told
    assert read_texts(told)["parameters"] == "a star"
    before, after = (Image.open(io.BytesIO(data)) for data in (signed, told))
    assert before.tobytes() == after.tobytes()
    assert after.info["xmp"] == LABEL.xmp
    with pytest.raises(c2pa.C2paError):
        read(told, "image/png")


def test_an_input_is_an_ingredient_with_its_own_credentials(local: Path, shop: Any) -> None:
    parent = record_artifact(save(made.scene()), platform_id=shop.pk, user="alice")
    row = Artifact.objects.get(pk=parent)
    stored = save(made.scene(), position=1, finish=Finish(parents=(parent,)), owner=shop.pk)
    manifest = active(told := read((local / stored.key).read_bytes(), "image/webp"))
    assert told["validation_state"] == "Trusted"
    (ingredient,) = manifest["ingredients"]
    assert (ingredient["title"], ingredient["relationship"]) == (str(row), "inputTo")
    assert told["manifests"][ingredient["active_manifest"]]["title"] == str(row)
    (done,) = actions(manifest)
    assert done["action"] == "c2pa.created"
    assert len(done["parameters"]["ingredients"]) == 1


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("wanted", ["", "avif"])
def test_credentials_of_a_vendor_are_kept_in_ours(local: Path, form: str, wanted: str) -> None:
    signed = sign_encoded(encode_as(made.scene().resize((64, 48)), LABEL, form), MADE)
    stored = save(signed.data, signed.content_type, finish=Finish(form=wanted))
    data = (local / stored.key).read_bytes()
    told = read(data, stored.content_type)
    assert (told["validation_state"], len(told["manifests"])) == ("Trusted", 2)
    (ingredient,) = active(told)["ingredients"]
    assert ingredient["relationship"] == "parentOf"
    assert told["manifests"][ingredient["active_manifest"]]["title"] == f"art_{7:032x}"
    done = [one["action"] for one in actions(active(told))]
    assert done == ["c2pa.opened", "c2pa.transcoded" if wanted else "c2pa.edited.metadata"]
    assert data.count(b"<TC260:AIGC>") == 1


def plan_of(parent: Artifact, *, is_generated: bool) -> Plan:
    """Return the plan of an edit that does two things to a picture."""
    wanted = Wanted([{"action": "crop", "width": 12}, {"action": "contrast", "amount": 1.2}])
    return Plan(uuid.UUID(int=8), parent, wanted, "webp", None, {}, {}, CROPPED.size, is_generated)


def test_an_edit_says_of_what_and_what_was_changed(local: Path, shop: Any) -> None:
    """Of a generated picture; one of an upload says nothing."""
    upload = save_picture(made.scene(), folder="uploads/a/", name="0", label=NONE)
    for stored, is_generated in ((save(made.scene()), True), (upload, False)):
        parent = Artifact.objects.get(pk=record_artifact(stored, platform_id=shop.pk, user="alice"))
        plan = plan_of(parent, is_generated=is_generated)
        label = label_output(plan.artifact_id) if is_generated else NONE
        drawn = encode_as(CROPPED, label, "webp").data
        edit = store_edit(plan, Drawn(drawn, b"thumbnail", "image/webp", *CROPPED.size))
        assert record_artifact(edit, platform_id=shop.pk, user="alice") == uuid.UUID(int=8)
        Artifact.objects.filter(pk=uuid.UUID(int=8)).delete()
        data = (local / edit.key).read_bytes()
        assert data.count(b"<TC260:AIGC>") == is_generated
        if not is_generated:
            assert b"jumb" not in data
            assert data == drawn
            continue
        told = read(data, edit.content_type)
        done = actions(active(told))
        assert [one["action"] for one in done] == [
            "c2pa.opened", "c2pa.cropped", "c2pa.color_adjustments"
        ]  # fmt: skip
        assert (done[0]["digitalSourceType"], told["validation_state"]) == (TRAINED, "Trusted")
        (ingredient,) = active(told)["ingredients"]
        assert (ingredient["title"], ingredient["relationship"]) == (str(parent), "parentOf")


def test_what_cannot_be_read_of_an_input_costs_no_signature(caplog: Any) -> None:
    broken = Ingredient(PARENT, "art_broken", "image/png", io.BytesIO(b"no picture"))
    history = History(uuid.UUID(int=9), ingredients=(broken,))
    signed = sign_encoded(encode_as(made.scene(), LABEL, "png"), history)
    manifest = active(read(signed.data, "image/png"))
    assert "ingredients" not in manifest
    assert [one["action"] for one in actions(manifest)] == ["c2pa.created"]
    assert "art_broken" in caplog.text


def test_several_threads_sign_at_once() -> None:
    plain = encode_as(made.scene(), LABEL, "webp")
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda _: sign_encoded(plain, MADE).data, range(64)))
    assert len(set(signed)) == 64, "each has its own name and salt"
    assert {read(data, "image/webp")["validation_state"] for data in signed} == {"Trusted"}


def test_a_picture_is_not_lost_for_want_of_a_signature(
    local: Path, settings: Any, tmp_path: Path, caplog: Any
) -> None:
    settings.LABEL_CERTIFICATES, settings.LABEL_KEY = str(tmp_path / "a"), str(tmp_path / "b")
    for content in (made.scene(), made.make_png(), made.jpeg()):
        stored = save(content)
        assert b"<TC260:AIGC>" in (local / stored.key).read_bytes()
        assert b"jumb" not in (local / stored.key).read_bytes()
    assert caplog.text.count("without content credentials") == 3
    assert caplog.text.count("LABEL_CERTIFICATES and LABEL_KEY cannot be read") == 3
    caplog.clear()
    settings.CONTENT_CREDENTIALS = False
    assert b"jumb" not in (local / save(made.scene()).key).read_bytes()
    assert "credentials" not in caplog.text


def test_key_pair_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "credentials"
    start = threading.Barrier(4)

    def ensure(_: int) -> bytes:
        start.wait()
        ensure_pair(folder)
        return (folder / KEY).read_bytes()

    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(ensure, range(4)))
    assert keys == {(folder / KEY).read_bytes()}
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / KEY, folder / CHAIN)]
    assert modes == [0o700, 0o600, 0o600]
    assert [path.name for path in folder.parent.iterdir()] == ["credentials"]
    pair = read_pair(str(folder / CHAIN), str(folder / KEY))
    assert (pair.algorithm, pair.chain.count(b"BEGIN CERTIFICATE")) == ("es256", 2)


def test_key_of_another_is_refused(tmp_path: Path) -> None:
    for name, data in make_pair().items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "other").write_bytes(make_pair()[KEY])
    with pytest.raises(ImproperlyConfigured, match="not the key of the first certificate"):
        read_pair(str(tmp_path / CHAIN), str(tmp_path / "other"))
    (tmp_path / "none").write_bytes(b"no key")
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        read_pair(str(tmp_path / CHAIN), str(tmp_path / "none"))
    assert signing_keys.read_pair(str(tmp_path / CHAIN), str(tmp_path / KEY)).algorithm == "es256"


def test_an_output_has_the_id_of_its_label(local: Path, shop: Any) -> None:
    stored = save(made.jpeg(), "image/jpeg")
    assert record_artifact(stored, platform_id=shop.pk, user="alice") == output_id(ATTEMPT, 0)


def test_keys_that_do_not_fit_are_told_before_anything_runs(settings: Any, tmp_path: Path) -> None:
    assert check_signing_keys() == []
    settings.LABEL_CERTIFICATES = str(tmp_path / "nowhere.pem")
    (error,) = check_signing_keys()
    assert error.id == "storage.E001"
    assert "LABEL_KEY cannot be read" in error.msg
    for name, data in make_pair().items():
        (tmp_path / name).write_bytes(data)
    settings.LABEL_CERTIFICATES, settings.LABEL_KEY = str(tmp_path / CHAIN), str(tmp_path / KEY)
    assert check_signing_keys() == []
