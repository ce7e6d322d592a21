"""The door that serves local files; with S3 configured it finds none, since links then lead to the bucket."""

import mimetypes
from pathlib import Path

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponseForbidden,
    HttpResponseNotModified,
)
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from genhub.lib.etags import is_known
from storage.files import is_signed, local_storage


@require_safe
def serve_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a file to whoever holds a fresh signed link; 403 when it is stale or forged, 404 when it is gone."""
    if not is_signed(name, request.GET.get("signature", "")):
        return HttpResponseForbidden(_("This link has expired. Ask the hub for a fresh one."))
    store = local_storage()
    if store is None or not Path(store.path(name)).is_file():
        raise Http404
    found = Path(store.path(name)).stat()
    tag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
    response: HttpResponseBase
    if is_known(request, tag):
        response = HttpResponseNotModified()
    else:
        response = FileResponse(
            store.open(name),
            # Python knew WebP as a common type before it was a registered one.
            content_type=mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream",
        )
    response["ETag"] = tag
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
