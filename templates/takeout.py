"""What templates give away to a platform: every version that was published and that it may, or might, order."""

import uuid

from django.db.models import Q, QuerySet

from genhub.lib.takeout import Table
from genhub.platforms.models import Platform
from templates.models import Template, TemplateVersion


def find_versions(platform_id: uuid.UUID) -> QuerySet[TemplateVersion]:
    """Return the published versions that are open to a platform."""
    code = Platform.objects.get(pk=platform_id).code
    is_open = Q(platforms=[]) | Q(platforms__contains=[code])
    return TemplateVersion.objects.filter(is_open, published_at__isnull=False)


def find_templates(platform_id: uuid.UUID) -> QuerySet[Template]:
    """Return the templates of those versions."""
    return Template.objects.filter(versions__in=find_versions(platform_id)).distinct()


TABLES = (Table("templates", find_templates), Table("template_versions", find_versions))
