"""How a key is made and checked: `gh_` and 8 characters to find it by, 40 random ones to prove it."""

import re

from django.utils.crypto import get_random_string
from rest_framework_api_key.crypto import KeyGenerator

PREFIX_LENGTH = 11
SECRET_LENGTH = 40
KEY_SHAPE = re.compile(
    rf"gh_[A-Za-z0-9]{{{PREFIX_LENGTH - 3}}}\.[A-Za-z0-9]{{{SECRET_LENGTH}}}", re.ASCII
)


class HubKeyGenerator(KeyGenerator):
    """Key generator of djangorestframework-api-key (SHA-512, constant-time compare) with our recognisable prefix."""

    def get_prefix(self) -> str:
        """Return the public part: `gh_` and 8 characters, so that secret scanners can recognise a leaked key."""
        return "gh_" + get_random_string(PREFIX_LENGTH - 3)


generator = HubKeyGenerator(prefix_length=PREFIX_LENGTH, secret_key_length=SECRET_LENGTH)
