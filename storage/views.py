"""The doors without a key: local files behind signed links, in and out, and share links.

With S3 configured nobody is led to the first two, since links then lead to the bucket.
"""

from pathlib import Path

from django.core.files.base import ContentFile
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseNotModified,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from genhub.lib.etags import is_known
from storage.direct import find_signed as find_direct
from storage.encoding import EXTENSIONS
from storage.files import SignedFileSystemStorage, is_signed, local_storage
from storage.keys import incoming_key
from storage.links import find_signed, use_link
from storage.parts import Part, PartRefused, find_part
from storage.services import put

PARTIAL, WRONG, BEYOND_END, GONE = 206, 400, 416, 410
PLAIN = "text/plain; charset=utf-8"

# Not the system's table: it does not know every type that is stored here.
TYPES = {extension: content_type for content_type, extension in EXTENSIONS.items()}


@require_safe
def serve_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a file, or a part of it, to whoever holds a fresh signed link; 403 when it is stale or forged, 404 when it
    is gone."""
    disposition = request.GET.get("disposition", "")
    if not is_signed(name, request.GET.get("signature", ""), disposition):
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
        response = answer_part(request, store, name, tag, found.st_size)
    if disposition:
        response["Content-Disposition"] = disposition
    response["ETag"] = tag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def answer_part(
    request: HttpRequest, store: SignedFileSystemStorage, name: str, tag: str, size_bytes: int
) -> HttpResponseBase:
    """Return the file, or what of it the request asks for."""
    content_type = TYPES.get(Path(name).suffix, "application/octet-stream")
    try:
        part = find_part(request, size_bytes, tag)
    except PartRefused:
        return HttpResponse(status=BEYOND_END, headers={"Content-Range": f"bytes */{size_bytes}"})
    if part is None:
        return FileResponse(store.open(name), content_type=content_type)
    first, last = part
    response = FileResponse(
        Part(store.open(name), first, last), status=PARTIAL, content_type=content_type
    )
    response["Content-Length"] = str(last + 1 - first)
    response["Content-Range"] = f"bytes {first}-{last}/{size_bytes}"
    return response


@csrf_exempt
@require_http_methods(["PUT"])
def receive_file(request: HttpRequest, upload_id: str, signature: str) -> HttpResponse:
    """Take a file that was announced, as a bucket would: 403 for any other address, 400 for another size or type."""
    upload = find_direct(upload_id, signature)
    if upload is None:
        return HttpResponseForbidden(_("This link has expired. Ask the hub for a fresh one."))
    data = request.read(upload.size_bytes + 1)
    if len(data) != upload.size_bytes or request.content_type != upload.content_type:
        message = _("Send just the file that was announced, with its content type.")
        return HttpResponse(message, content_type=PLAIN, status=WRONG)
    put(incoming_key(upload.pk), ContentFile(data), upload.content_type)
    return HttpResponse()


@require_GET
def open_link(request: HttpRequest, link_id: str, signature: str) -> HttpResponse:
    """Lead to a shared picture and count that; 410 once the link has ended, 404 for an address that never was one."""
    found = find_signed(link_id, signature)
    if found is None:
        raise Http404
    address = use_link(found)
    response = (
        HttpResponseRedirect(address)
        if address
        else HttpResponse(
            _("This link has ended: its time is over, it was used up, or its owner withdrew it."),
            content_type=PLAIN,
            status=GONE,
        )
    )
    # Each use is counted here, and none is answered from anybody's memory.
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
