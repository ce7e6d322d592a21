"""Where the page of a customer is: a platform's user, named as the app names them."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString

from genhub.admin.show import leads

NAME = "generation_task_customers"


def customer_page(platform_code: str, user: str) -> str:
    """Return the address of a customer's page; a name may hold whatever an app likes, so it is no part of the path."""
    return f"{reverse(f'admin:{NAME}')}?{urlencode({'platform': platform_code, 'user': user})}"


def customer_link(row: Any) -> SafeString:
    """Return the owner of a row (`platform`, `user`) as a link to their page."""
    return leads(customer_page(row.platform.code, row.user), f"{row.user} @ {row.platform}")
