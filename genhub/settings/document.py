"""What the OpenAPI document says of itself, and how it is made."""

from django.utils.translation import gettext_lazy as _

SPECTACULAR_SETTINGS = {
    "TITLE": "GenHub",
    "DESCRIPTION": _("Submit a generation, watch it, fetch the pictures, see what they cost."),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "EXTERNAL_DOCS": {"description": _("Handbook"), "url": "/handbook/"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["genhub.api.dialects.keep_native"],
    "WEBHOOKS": "generation.api.told_schema.WEBHOOKS",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "genhub.api.openapi.finish_document",
        "genhub.webhooks.api.told.describe_sending",
    ],
    # Several requests and answers have a word “status”, “kind” or “output_format”.
    "ENUM_NAME_OVERRIDES": {
        "MediaTypeEnum": "templates.chains.MEDIA_TYPES",
        "TaskStatusEnum": ["pending", "processing", "completed", "failed", "canceled"],
        "BatchStatusEnum": ["pending", "processing", "completed", "canceled"],
        "BatchOrderStatusEnum": "generation.api.batch_schema.ORDER_STATES",
        "OrderFormatEnum": ["png", "webp", "jpeg", "avif"],
        "EditFormatEnum": ["png", "webp", "jpeg"],
        "HealthStatusEnum": ["healthy", "degraded", "unhealthy"],
        "EntryKindEnum": "credits.entries.KINDS",
        "KeyScopeEnum": "genhub.platforms.models.Scope.values",
        "TokenScopeEnum": "genhub.platforms.browser_tokens.tokens.FOR_TOKENS",
    },
}
