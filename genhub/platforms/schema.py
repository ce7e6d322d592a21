"""How the API key stands in the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class BearerKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer <key>`."""

    target_class = "genhub.platforms.authentication.BearerKeyAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme object."""
        return {"type": "http", "scheme": "bearer"}


class BasicKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """HTTP Basic, whose password is the key, or `Authorization: Bearer <key>`."""

    target_class = "genhub.platforms.logins.BasicKeyAuthentication"
    name = ["basic", "bearer"]

    def get_security_requirement(self, _auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return that either will do."""
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return the security scheme objects."""
        return [{"type": "http", "scheme": name} for name in self.name]
