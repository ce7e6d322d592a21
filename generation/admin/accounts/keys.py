"""The keys on an account's page: written and never shown again; renamed, switched off, replaced, deleted."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminPasswordWidget

from generation.accounts.standing import at_work
from generation.admin.accounts.standing import error_words, noted, standing_badge
from generation.models import AccountKey
from genhub.admin.show import code, moment
from genhub.lib.clock import NOW
from genhub.lib.sealing import NotSealable, seal

# Written by workers: a form must not write over them what it read.
WRITTEN = ("name", "is_enabled")
SEALED = ("sealed", "hint", "failures", "resting_until", "resting_why", "last_error")
LONGEST_KEY = 4000
VISIBLE = re.compile(r"[\x21-\x7e]+")
NO_ENCRYPTION = _(
    "The hub has nothing to seal it with, and keeps no key in the open. Make a key of its own with "
    "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())', set ENCRYPTION_KEYS to "
    "it, and start the hub anew."
)


def sealable(secret: str) -> str:
    """Return a key, or refuse what is none, and what cannot be sealed."""
    if not VISIBLE.fullmatch(secret):
        message = _(
            "A key has letters, digits and signs alone: no space, no line break, no other letters. Copy it anew."
        )
        raise ValidationError(message)
    try:
        seal(secret)
    except (NotSealable, ImproperlyConfigured) as error:
        raise ValidationError(NO_ENCRYPTION) from error
    return secret


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key: a new one must be written; one that is there stays unless another is written in its place."""

    secret = forms.CharField(
        label=_("Key"),
        required=False,
        max_length=LONGEST_KEY,
        # Browsers offer what they keep for this site, which is no key of a vendor.
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
    )

    class Meta:
        model = AccountKey
        fields = ("name", "is_enabled")

    def __init__(self, *args: Any, **words: Any) -> None:
        """Say where a key is kept that the field does not show."""
        super().__init__(*args, **words)
        if self.instance.pk:
            self.fields["secret"].widget.attrs["placeholder"] = _("stays as it is")

    def clean_secret(self) -> str:
        """Refuse what is no key, or cannot be sealed; a new row needs one."""
        secret = str(self.cleaned_data["secret"])
        if not secret:
            if self.instance.pk is None:
                raise ValidationError(_("Write the key itself."))
            return ""
        return sealable(secret)

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 (Django's own)
        """Seal a key that was written, and write nothing else that workers keep."""
        columns = [*WRITTEN]
        if secret := self.cleaned_data.get("secret"):
            self.instance.keep(secret)
            self.instance.last_error = ""
            columns += SEALED
        if commit and self.instance.pk:
            self.instance.save(update_fields=columns)
            return self.instance
        return super().save(commit)


class KeyFormSet(PaginationInlineFormSet):
    """The keys of one account."""

    def clean(self) -> None:
        """Keep the keys by which orders are asked for that are at work; they may be switched off meanwhile."""
        super().clean()
        gone = [form.instance for form in self.deleted_forms if form.instance.pk]
        if busy := [key for key in gone if at_work().filter(key=key).exists()]:
            message = _(
                "Orders are at work with %(keys)s and are asked for with it. Switch it off now, and delete it when they have ended."
            )
            raise ValidationError(message, params={"keys": ", ".join(map(str, busy))})


class KeyInline(TabularInline):
    """The keys of an account, among its own fields."""

    model = AccountKey
    form = KeyForm
    formset = KeyFormSet
    extra = 1
    verbose_name_plural = _("Keys")
    fields = ("hint_shown", "secret", "name", "is_enabled", "standing", "used")
    readonly_fields = ("hint_shown", "standing", "used")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccountKey]:
        """Return the keys with the database's time."""
        found: QuerySet[AccountKey] = super().get_queryset(request)
        return found.annotate(now=NOW)

    @display(description=_("ends in"))
    def hint_shown(self, key: AccountKey) -> SafeString | str:
        """Show the last characters."""
        return code(f"…{key.hint}") if key.sealed else "–"

    @display(description=_("state"))
    def standing(self, key: Any) -> SafeString | str:
        """Show whether it is used, or until when it rests and why, and how it failed last."""
        if key.pk is None:
            return "–"
        return noted(standing_badge(key, key.now), error_words(key.last_error))

    @display(description=_("last used at"))
    def used(self, key: AccountKey) -> str:
        """Show when an order went with it."""
        return moment(key.last_used_at)
