"""Vendors, and how the hub keeps their keys."""

from django.utils.translation import gettext_lazy as _

from genhub.settings.explained.setting import Group, Setting

GROUPS = [
    Group(
        _("Vendors"),
        [
            Setting(
                "ENCRYPTION_KEYS",
                _(
                    "seal the keys of providers, by commas: the first seals, each opens; 32 bytes in url-safe base64; `manage.py reseal_keys` lets an old one go; in production no vendor's key is kept without"
                ),
                default=_("embedded: made once in the home"),
            ),
            Setting(
                "REMOTE_THREADS",
                _("orders that wait for vendors' answers at a time, in each worker of theirs"),
                unit=_("threads"),
            ),
            Setting(
                "OPENAI_API_KEY",
                _(
                    "OpenAI; several keys by commas, here and below: the seed makes a provider with models of it"
                ),
            ),
            Setting(
                "OPENAI_BASE_URL",
                _("another server that speaks OpenAI's images API"),
                default="`https://api.openai.com/v1`",
            ),
            Setting("AIHUBMIX_API_KEY", _("AIHubMix: the same models, standing by")),
            Setting(
                "STABLE_DIFFUSION_API_URL",
                _(
                    "a Stable Diffusion WebUI, such as `http://127.0.0.1:7860`; an address of your own network that stands here or in the others counts as one of `PRIVATE_HOSTS`"
                ),
            ),
            Setting("STABLE_DIFFUSION_API_KEY", _("its `user:password`, where it asks for one")),
            Setting("BFL_API_KEY", _("Black Forest Labs: FLUX.2")),
            Setting("STABILITY_API_KEY", _("Stability AI, standing by")),
            Setting("ARK_API_KEY", _("Volcengine Ark: Seedream")),
            Setting("DASHSCOPE_API_KEY", _("Alibaba DashScope: Qwen-Image, Z-Image")),
            Setting("REPLICATE_API_TOKEN", _("Replicate, standing by")),
            Setting("FAL_KEY", _("fal")),
            Setting("RUNWAYML_API_SECRET", _("Runway: clips")),
            Setting(
                "VIDEO_GENERATION_API_URL",
                _("a server of clips in the plain dialect: `POST /generate`, `GET /task/{id}`"),
            ),
            Setting("VIDEO_GENERATION_API_KEY", _("its key, where it asks for one")),
            Setting("MIDJOURNEY_PROXY_URL", _("a midjourney-proxy; Midjourney itself has no API")),
            Setting("MIDJOURNEY_PROXY_SECRET", _("its secret, where it asks for one")),
        ],
    ),
]
