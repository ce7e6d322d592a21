"""Adapters of moderation services by name."""

from django.utils.module_loading import import_string

from generation.moderation.judges.base import Judge

JUDGES = {
    "openai": "generation.moderation.judges.openai.OpenAIJudge",
    "aliyun": "generation.moderation.judges.aliyun.AliyunJudge",
    "rekognition": "generation.moderation.judges.rekognition.RekognitionJudge",
    "tencent": "generation.moderation.judges.tencent.TencentJudge",
    "vision": "generation.moderation.judges.vision.VisionJudge",
}


def find_judge(name: str) -> type[Judge]:
    """Return the class of an adapter; raise KeyError for a name that nobody registered."""
    found: type[Judge] = import_string(JUDGES[name])
    return found
