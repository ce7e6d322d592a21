"""What the parts of the accounts' pages share that are about somebody else's account."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from genhub.admin.base import FoundRows
from genhub.admin.forms import ReasonForm
from genhub.users.models import User
from genhub.users.rights import may_act_on


class AccountReasonForm(ReasonForm):
    """Asks why something is done to another's account."""

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["reason"].help_text = _("At least 10 characters. It stays in the account's history, with your name.")  # fmt: skip


class AccountPages(FoundRows):
    """A part of the accounts' pages."""

    def find_other(self, request: HttpRequest, object_id: str) -> User:
        """Return the account of an address, which whoever asks may act on; raise 404 or PermissionDenied."""
        person: User = self.find_object(request, object_id)
        if not may_act_on(request.user, person):
            raise PermissionDenied
        return person
