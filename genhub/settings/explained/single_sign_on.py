"""Where staff come from who sign in elsewhere, and what that place may say of them."""

from django.utils.translation import gettext_lazy as _

from genhub.settings.explained.setting import Group, Setting

GROUPS = [
    Group(
        _("Single sign-on of staff"),
        [
            Setting(
                "OIDC_ISSUER",
                _(
                    "the provider's address, as it names itself in `/.well-known/openid-configuration`; empty: [off](run.md#single-sign-on); it may be inside your network"
                ),
            ),
            Setting("OIDC_CLIENT_ID", _("what the hub is called there; `OIDC_ISSUER` needs it")),
            Setting("OIDC_CLIENT_SECRET", _("its secret; `OIDC_ISSUER` needs it")),
            Setting("OIDC_NAME", _("what the button on the first page calls it")),
            Setting("OIDC_SCOPES", _("what is asked for, by spaces")),
            Setting(
                "OIDC_USERNAME_CLAIM",
                _("the claim that names the account; `email` counts only where it is verified"),
            ),
            Setting("OIDC_GROUPS_CLAIM", _("the claim that lists the groups")),
            Setting(
                "OIDC_GROUPS",
                _(
                    "what these groups mean, `their-group=role` by commas; roles: `viewer`, `editor`, `finance`, `operator`, `owner`; then who is in none of them is not let in, and roles follow the groups; empty: they stay as staff give them"
                ),
            ),
            Setting(
                "OIDC_SUPERUSER_GROUP",
                _(
                    "the group whose members are superusers; empty: no superuser comes by single sign-on"
                ),
            ),
            Setting(
                "OIDC_CREATE",
                _("whether an account is made of somebody whom the hub does not know"),
            ),
        ],
    ),
]
