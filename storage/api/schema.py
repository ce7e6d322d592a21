"""What the document says of this app's refusals."""

from typing import Final

from drf_spectacular.utils import OpenApiResponse

from genhub.api.pages import ProblemSerializer

PROBLEM: Final = OpenApiResponse(ProblemSerializer)
# Of every door; of those that name a picture or a link, which may be none of the caller's, too.
REFUSALS: Final = dict.fromkeys((400, 401, 403), PROBLEM)
# A picture that was taken down is 410.
NAMED_REFUSALS: Final = {**REFUSALS, 404: PROBLEM, 410: PROBLEM}
