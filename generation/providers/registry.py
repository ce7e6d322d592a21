"""Adapters by name, imported when they are made: a hub without a GPU never imports torch."""

from dataclasses import replace
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from generation.providers.base import AccountSettings, Provider

# The engine of this hub: one process owns one device, so there is one account of it.
LOCAL = "local"
ADAPTERS = {
    LOCAL: "generation.providers.local.LocalProvider",
    "stub": "generation.providers.stub.StubProvider",
    "openai": "generation.providers.vendors.openai.OpenAIProvider",
    "aihubmix": "generation.providers.vendors.aihubmix.AIHubMixProvider",
    "ark": "generation.providers.vendors.ark.ArkProvider",
    "ark_videos": "generation.providers.vendors.ark_videos.ArkVideosProvider",
    "bfl": "generation.providers.vendors.bfl.BFLProvider",
    "comfyui": "generation.providers.vendors.comfyui.provider.ComfyUIProvider",
    "dashscope": "generation.providers.vendors.dashscope.provider.DashScopeProvider",
    "dashscope_videos": "generation.providers.vendors.dashscope.videos.DashScopeVideosProvider",
    "midjourney": "generation.providers.vendors.midjourney.MidjourneyProvider",
    "fal": "generation.providers.vendors.fal.provider.FalProvider",
    "fal_videos": "generation.providers.vendors.fal.videos.FalVideosProvider",
    "generic_video": "generation.providers.vendors.generic_video.GenericVideoProvider",
    "openai_videos": "generation.providers.vendors.openai_videos.OpenAIVideosProvider",
    "runway": "generation.providers.vendors.runway.RunwayProvider",
    "replicate": "generation.providers.vendors.replicate.provider.ReplicateProvider",
    "replicate_videos": "generation.providers.vendors.replicate.videos.ReplicateVideosProvider",
    "sdwebui": "generation.providers.vendors.sdwebui.provider.SDWebUIProvider",
    "stability": "generation.providers.vendors.stability.StabilityProvider",
}


def find_class(name: str) -> type[Provider]:
    """Return the class of an adapter; raise KeyError for a name that nobody registered."""
    return cast("type[Provider]", import_string(ADAPTERS[name]))


def make_adapter(name: str, account: AccountSettings) -> Provider:
    """Return a new adapter for an account, which has the options of the settings and then its own; raise KeyError as
    `find_class` does."""
    options = {**settings.ADAPTER_OPTIONS.get(name, {}), **account.options}
    return find_class(name)(replace(account, options=options))
