"""`manage.py seed`: the first rows of a hub; again it fills what is missing, and refreshes the models' rows."""

from typing import Any

from django.conf import settings
from django.contrib import admin

from credits.tariffs import seed_price_rules
from generation.accounts.other_names import seed_other_names
from generation.accounts.seed import seed_local_provider
from generation.accounts.vendor_seed import seed_vendors
from generation.moderation.loading import seed_terms
from genhub.lib.commands import HubCommand
from genhub.users.roles import seed_roles
from genhub.users.services import ensure_first_admin
from templates.services import seed_examples, seed_phrases, seed_styles


class Command(HubCommand):
    """Create styles, phrases, terms, templates, providers, prices, roles and the first admin where they are missing."""

    help = "Create styles, phrases, terms, templates, providers, prices, roles and the first admin where they are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, leaving alone what staff changed since, but for folder, revision and weights that a setting or the
        release names."""
        seed_styles()
        seed_phrases()
        seed_terms()
        seed_examples()
        seed_local_provider()
        for complaint in seed_vendors():
            self.stderr.write(f"! {complaint}")
        seed_other_names()
        seed_price_rules()
        seed_roles(admin.site)
        password = getattr(settings, "SECRETS", {}).get("admin_password")
        if password and ensure_first_admin(password):
            self.stderr.write(
                "first admin created: user “admin”, password in the home's secrets.json"
            )
