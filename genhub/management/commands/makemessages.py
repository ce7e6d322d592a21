"""Collects the words of the hub for its catalogue, also those that the OpenAPI documents say by docstrings."""

from pathlib import Path
from typing import Final

from django.core.management.commands import makemessages
from django.urls import include, path
from django.utils.functional import cached_property
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings

from genhub.api import docstrings
from genhub.api.dialects import DialectSchemaView
from genhub.urls import DIALECTS

SOURCE: Final = Path(docstrings.__file__).resolve()


class WordsFile(makemessages.BuildFile):
    """A source of words: where docstrings are said, they stand for it."""

    @cached_property
    def is_templatized(self) -> bool:
        """Return whether another file is read in its place."""
        return self.is_of_docstrings or super().is_templatized

    @cached_property
    def is_of_docstrings(self) -> bool:
        """Return whether it is where docstrings are said."""
        return Path(self.path).resolve() == SOURCE

    def preprocess(self) -> None:
        """Write what is read in its place."""
        if self.is_of_docstrings:
            lines = [f"gettext({text!r})\n" for text in sorted(list_docstrings())]
            Path(self.work_path).write_text("".join(lines), "utf-8")
        else:
            super().preprocess()


class Command(makemessages.Command):
    """Django's own command, with docstrings."""

    build_file_class = WordsFile


def list_docstrings() -> set[str]:
    """Return each docstring that some document says, as the catalogue has to hold it."""
    SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    with patched_settings(DialectSchemaView.custom_settings):
        for dialect in DIALECTS:
            spoken = [path(dialect.base, include(dialect.routes))]
            SchemaGenerator(patterns=spoken).get_schema(public=True)  # type: ignore[no-untyped-call]
    return set(docstrings.SAID)
