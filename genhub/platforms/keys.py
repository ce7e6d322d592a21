"""How a key is made and checked: `gh_` and 8 characters to find it by, 40 random ones to prove it."""

from django.utils.crypto import get_random_string
from rest_framework_api_key.crypto import KeyGenerator

PREFIX_LENGTH = 11


class HubKeyGenerator(KeyGenerator):
    """Key generator of djangorestframework-api-key (SHA-512, constant-time compare) with our recognisable prefix."""

    def get_prefix(self) -> str:
        """Return the public part: `gh_` and 8 characters, so that secret scanners can recognise a leaked key."""
        return "gh_" + get_random_string(PREFIX_LENGTH - 3)


generator = HubKeyGenerator(prefix_length=PREFIX_LENGTH, secret_key_length=40)
