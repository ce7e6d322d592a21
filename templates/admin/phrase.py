"""Pages of phrases."""

from django.contrib import admin

from genhub.admin.base import HubAdmin
from templates.models import Phrase


@admin.register(Phrase)
class PhraseAdmin(HubAdmin):
    """Phrases by purpose, in the order in which apps see them."""

    list_display = ("text_en", "text_zh", "purpose", "position", "is_active")
    list_editable = ("position", "is_active")
    list_filter = ("purpose", "is_active")
    search_fields = ("text_en", "text_zh")
    fields = ("purpose", ("text_en", "text_zh"), "position", "is_active")
