"""Templates are downloaded and read in the admin; a file publishes nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from templates.exchange import list_newest, write_yaml
from templates.models import Template
from tests.admin.conftest import Hire
from tests.admin.test_recipes import address, shape
from tests.templates.test_exchange import file_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes", "stub")]
HOSTILE = "<img src=x onerror=alert(1)>"
PLACE = "/admin/templates/template/import/"


def test_one_or_all_are_downloaded(boss: Client, hire: Hire) -> None:
    one = boss.get(address("template_export_one", shape().pk))
    assert one["Content-Disposition"] == 'attachment; filename="shape.yaml"'
    assert one.content.decode() == write_yaml(list_newest(["shape"]))
    every = address("template_export_all")
    assert boss.get(every).content.decode() == write_yaml(list_newest())
    assert hire("templates.view_template").get(every).status_code == 403
    reader = hire("templates.view_template", "templates.view_templateversion", name="erin")
    assert reader.get(every).status_code == 200


def test_file_is_looked_at_then_read(boss: Client) -> None:
    text = file_of(name=HOSTILE, prompt="a {ghost}")
    file = SimpleUploadedFile("one.yaml", text.encode())
    seen = boss.post(PLACE, {"file": file})
    assert "a new template with a draft" in seen.content.decode()
    assert "The prompt uses {ghost}" in seen.content.decode()
    assert HOSTILE not in seen.content.decode()
    assert not Template.objects.filter(code="wanted").exists()
    # The text of the file stands there, to be sent again.
    sent = boss.post(PLACE, {"text": seen.context["question"].form.initial["text"], "sure": "on"})
    assert sent["Location"] == reverse("admin:templates_template_changelist")
    assert Template.objects.get(code="wanted").published is None


def test_what_is_wrong_stands_on_the_page(boss: Client) -> None:
    for sent, said in (
        ({"text": file_of(sha256=HOSTILE), "sure": "on"}, "templates[0].sha256: Its checksum"),
        ({"text": "{"}, "This is no such file"),
        ({"text": " "}, "Choose a file, or paste its text."),
        ({"file": SimpleUploadedFile("a", b"\xff\xfe")}, "no text in UTF-8"),
        ({"file": SimpleUploadedFile("a", b"a" * 500_001)}, "The file is too large."),
    ):
        text = boss.post(PLACE, sent).content.decode()
        assert said in text
        assert HOSTILE not in text
    assert not Template.objects.filter(code="wanted").exists()


def test_only_those_read_files_who_may_write_drafts(hire: Hire) -> None:
    for name, rights in (("a", ("templates.add_template",)), ("b", ("templates.change_templateversion",))):  # fmt: skip
        clerk = hire(*rights, name=name)
        assert clerk.get(PLACE).status_code == 403
        assert clerk.post(PLACE, {"text": file_of(), "sure": "on"}).status_code == 403
    editor = hire("templates.add_template", "templates.change_templateversion")
    assert editor.get(PLACE).status_code == 200
