"""What platforms give away of one: itself. Keys stay: they are the hub's."""

from genhub.lib.takeout import Table
from genhub.platforms.models import Platform

TABLES = (Table("platform", lambda platform_id: Platform.objects.filter(pk=platform_id)),)
