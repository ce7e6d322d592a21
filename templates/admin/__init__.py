"""Pages of the recipes: templates, their versions, and styles."""

from templates.admin.style import StyleAdmin
from templates.admin.template import TemplateAdmin
from templates.admin.version import TemplateVersionAdmin

__all__ = ["StyleAdmin", "TemplateAdmin", "TemplateVersionAdmin"]
