"""Pages of the recipes: templates, their versions, styles, and the phrases that help a prompt."""

from templates.admin.phrase import PhraseAdmin
from templates.admin.style import StyleAdmin
from templates.admin.template import TemplateAdmin
from templates.admin.version import TemplateVersionAdmin

__all__ = ["PhraseAdmin", "StyleAdmin", "TemplateAdmin", "TemplateVersionAdmin"]
