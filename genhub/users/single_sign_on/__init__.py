"""Single sign-on of staff by OpenID Connect (openid.net/specs/openid-connect-core-1_0.html)."""
