"""Changes to staff accounts that the hub itself makes."""

from genhub.users.models import User


def ensure_first_admin(password: str) -> bool:
    """Create the superuser `admin` in a hub that has no staff yet; return whether it was created."""
    if User.objects.exists():
        return False
    User.objects.create_superuser("admin", password=password)
    return True
