"""The page that shows the API and tries it out."""

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularSwaggerSplitView


@method_decorator(csp_update({"img-src": ["blob:"]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI; pictures that it fetched it shows as blobs, which no other page may."""

    template_name = "documents/page.html"
    # What OPTIONS tells of an address is no page that a template could show.
    metadata_class = None
