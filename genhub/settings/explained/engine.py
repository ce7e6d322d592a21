"""What the local engine draws with, and how."""

from django.utils.translation import gettext_lazy as _

from genhub.settings.explained.setting import Group, Setting

GROUPS = [
    Group(
        _("Models"),
        [
            Setting("Z_IMAGE_FOLDER", _("Z-Image: folder in the diffusers layout, or a hub id")),
            Setting("Z_IMAGE_REVISION", _("the commit of that hub id, 40 hex digits")),
            Setting("Z_IMAGE_TURBO_FOLDER", _("the same for Z-Image-Turbo")),
            Setting("Z_IMAGE_TURBO_REVISION", _("the commit of its hub id")),
            Setting(
                "LIUJUAN_WEIGHTS",
                _(
                    "safetensors files, parted as in `PATH`, over Z-Image's transformer, else Turbo's: offers `liujuan`"
                ),
            ),
            Setting(
                "DEFAULT_MODEL",
                _(
                    "the model of orders that name none; `z-image`, else `z-image-turbo`, where its folder is set"
                ),
                default="`z-image-small`",
            ),
            Setting(
                "DEFAULT_VIDEO_MODEL",
                _("the model of clips that name none; without it, each must name one"),
            ),
        ],
    ),
    Group(
        _("Engine"),
        [
            Setting(
                "LOCAL_OFFLOAD",
                _(
                    "where the weights live: `auto`, `none`, `resident`, `model`, `group`, `sequential`"
                ),
            ),
            Setting(
                "LOCAL_DTYPE",
                _(
                    "`bfloat16`, `float32`; `auto`: BF16 on a card and on processors that are fast at it, else FP32 from the same weights (twice the memory)"
                ),
            ),
            Setting(
                "LOCAL_THREADS", _("CPU threads of torch; 0: its own choice"), unit=_("threads")
            ),
            Setting(
                "LOCAL_BATCH",
                _(
                    "most pictures of one batch; 0: 8 on a card, 2 on the CPU, where more are no faster"
                ),
                unit=_("pictures a batch"),
            ),
            Setting(
                "LOCAL_BATCH_WAIT_MS", _("how long an idle engine waits for company"), unit=_("ms")
            ),
            Setting(
                "LOCAL_STALL_SECONDS",
                _(
                    "a stage (encode, a step, decode, store) that lasts longer ends its worker; ten times that for loading; 0: never"
                ),
                unit=_("s"),
            ),
            Setting(
                "LORA_FOLDER",
                _(
                    "where workers write the LoRAs that they trained; workers on several machines share it"
                ),
                default="`loras` in `GENHUB_HOME`",
            ),
            Setting(
                "TRAINING_CHECKPOINT_SECONDS",
                _(
                    "how often what a training has learned is stored: a worker's death costs no more steps than that"
                ),
                unit=_("s"),
            ),
            Setting("LOCAL_PREVIEWS", _("small pictures of running tasks")),
            Setting(
                "MODERATION_MODEL",
                _(
                    "folder of an image classifier (`transformers`, safetensors alone) that judges pictures before anybody sees them"
                ),
            ),
            Setting(
                "MODERATION_LABELS",
                _(
                    "which of its labels are not to be seen, by commas; from which score on: `nsfw=0.7`, else 0.5"
                ),
            ),
            Setting("LOCAL_EMBEDDING_MIB", _("encoded prompts that are kept"), unit="MiB"),
            Setting(
                "LOCAL_POOL_GIB",
                _(
                    "transformers kept in main memory for a change of weights (12 GiB each), never more than half of it"
                ),
                unit="GiB",
            ),
            Setting(
                "LOCAL_WEIGHTS_PERCENT",
                _("of the transformer's parameters that a weights file must match"),
                unit="%",
            ),
            Setting("LOCAL_COMPILE", _("compile the repeated blocks; off where unsupported")),
            Setting(
                "LOCAL_ATTENTION",
                _(
                    "an attention backend of diffusers by name that takes masks (`_native_cudnn`, `flash_varlen`, …); off where unsupported"
                ),
            ),
            Setting(
                "LOCAL_USD_PER_PICTURE",
                _(
                    "what a picture of the local engine costs the operator, answered as `cost_usd`; empty: not known"
                ),
                unit=_("US dollars"),
            ),
            Setting("PYTORCH_CUDA_ALLOC_CONF", _("passed on to torch")),
            Setting("OMP_WAIT_POLICY", _("passed on to OpenMP")),
        ],
    ),
]
