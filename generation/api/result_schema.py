"""What a task delivered, what was counted of it, and what follows it, as the API's document says it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from genhub.api import field_words
from storage.api.reviews import ReviewWords


class Delivered(serializers.Serializer[Any]):
    """A delivered file. `url` and `thumbnail_url` redirect to a fresh link and never die."""

    id = serializers.CharField(help_text=field_words.ARTIFACT)
    step = serializers.IntegerField(
        allow_null=True, help_text=_("Which step of a chain made it; null: there is none.")
    )
    url = serializers.URLField(help_text=field_words.FILE_URL)
    thumbnail_url = serializers.URLField(help_text=field_words.THUMBNAIL_URL)
    width = serializers.IntegerField(help_text=_("Pixels."))
    height = serializers.IntegerField(help_text=_("Pixels."))
    seed = serializers.IntegerField(allow_null=True, help_text=field_words.SEED)
    seed_text = serializers.CharField(
        allow_null=True, help_text=_("The seed as text where it exceeds 2⁵³−1, else null.")
    )
    sha256 = serializers.CharField(help_text=field_words.SHA256)
    content_type = serializers.CharField(help_text=field_words.CONTENT_TYPE)
    size_bytes = serializers.IntegerField(help_text=field_words.SIZE_BYTES)
    revised_prompt = serializers.CharField(
        allow_null=True,
        help_text=_("The prompt as the vendor rewrote it. Null: it did not, or does not say."),
    )
    alt = serializers.CharField(
        help_text=_(
            "What it shows, for readers who do not see it: from template and prompt, by rules; where the hub has a vision model, a little later in the words of that."
        )
    )
    caption = serializers.CharField(help_text=_("The same, saying that a model made it."))
    review = ReviewWords(
        allow_null=True, help_text=_("Whether staff approved it. Null: nobody asked them.")
    )
    favourite = serializers.BooleanField(help_text=_("Whether its owner likes it."))
    refunded = serializers.IntegerField(
        help_text=_("Credits that staff gave back for this one; 0: none for it in particular.")
    )


class Image(Delivered):
    """A delivered picture. `url` and `thumbnail_url` redirect to a fresh link and never die."""

    b64_json = serializers.CharField(required=False, help_text=_("With format=b64."))


class Video(Delivered):
    """A delivered clip, as it came: `url` and `thumbnail_url` (of its first frame) redirect to a fresh link."""

    poster_url = serializers.URLField(allow_null=True, help_text=field_words.POSTER_URL)
    preview_url = serializers.URLField(allow_null=True, help_text=field_words.PREVIEW_URL)
    duration = serializers.FloatField(help_text=_("Seconds that it really has."))
    fps = serializers.FloatField(help_text=_("Frames a second that it really has."))
    codec = serializers.CharField(help_text=_("Of its pictures: h264, hevc, av1, vp9."))
    has_audio = serializers.BooleanField(help_text=field_words.HAS_AUDIO)


class Result(serializers.Serializer[Any]):
    """What a task delivered, and why each other picture was not."""

    images = Image(
        many=True, help_text=_("The pictures that were delivered, in the order of their positions.")
    )
    image_urls = serializers.ListField(
        child=serializers.URLField(), help_text=_("The “url” of each of “images”.")
    )
    videos = Video(many=True, help_text=_("Of an order of a clip; empty of pictures."))
    video_urls = serializers.ListField(
        child=serializers.URLField(), help_text=_("The “url” of each of “videos”.")
    )
    count = serializers.IntegerField(help_text=_("Pictures and clips that were delivered."))
    # The base class has a property of this name, which a schema never reads.
    errors = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(),
        help_text=_(
            "Of each one that was not delivered: its position, step and seed, and why, as code, title and message."
        ),
    )


class Counted(serializers.Serializer[Any]):
    """What was counted of a task's work, in all its attempts: by whoever made it, or by the hub."""

    pictures = serializers.IntegerField(allow_null=True, help_text=_("Pictures or clips made."))
    input_text_tokens = serializers.IntegerField(
        allow_null=True, help_text=_("Of the prompt. Null: the order left for nobody.")
    )
    input_image_tokens = serializers.IntegerField(
        allow_null=True, help_text=_("Of input pictures. Null: the vendor does not say.")
    )
    output_tokens = serializers.IntegerField(
        allow_null=True, help_text=_("Of what was made. Null: the vendor does not say.")
    )
    counted_by_hub = serializers.ListField(
        child=serializers.CharField(),
        help_text=_(
            "Which of these the vendor did not say, so that the hub's tokenizer counted them."
        ),
    )


class FollowUp(serializers.Serializer[Any]):
    """What can be ordered of a picture at `…/follow`."""

    action = serializers.CharField(help_text=_("What “action” takes there, such as `upscale`."))
    parts = serializers.IntegerField(
        help_text=_("How many parts of the picture there are, one of which is named; 0: none is.")
    )
