"""Builds the small Z-Image's parts: the published classes with small numbers."""

import json
from collections.abc import Iterable
from typing import Any, Final

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImageTransformer2DModel
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3Model

VOCABULARY: Final = 512
TEXT_WIDTH: Final = 128
LATENT_CHANNELS: Final = 16
SHIFT: Final = 3.0
"""How far the schedule leans towards noise; the whole picture is decided up there."""

ROLES: Final = ("<|first|>", "<|second|>", "<|behind|>")
"""Tokens after every prompt, where the encoder sums it up: one thing, the other, the background."""

CHAT_TEMPLATE: Final = (
    "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}" + "".join(ROLES) + "{% endif %}"
)
_PAD_NUMBER = VOCABULARY - len(ROLES) - 1


def build_tokenizer(corpus: Iterable[str]) -> Any:
    """Return a byte-level BPE Qwen2 tokenizer learned from the corpus."""
    blank = Qwen2Tokenizer()  # lends its normalizer and pre-tokenizer, so that both split alike
    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = blank.backend_tokenizer.pre_tokenizer
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_PAD_NUMBER,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    bpe.train_from_iterator(corpus, trainer)
    learned = json.loads(bpe.to_str())["model"]
    tokenizer = Qwen2Tokenizer(
        vocab=learned["vocab"], merges=[tuple(merge) for merge in learned["merges"]]
    )
    tokenizer.add_tokens([AddedToken(role, special=True) for role in ROLES])
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def build_text_encoder(vocabulary: int = VOCABULARY) -> Any:
    """Return a Qwen3 encoder; the pipeline reads hidden_states[-2], so its last layer is idle."""
    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=TEXT_WIDTH,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        use_cache=False,
        pad_token_id=_PAD_NUMBER,
    )
    return Qwen3Model(config)


def build_transformer() -> Any:
    """Return the denoiser: latents [16, 1, H/8, W/8] in, velocity of the same shape out."""
    return ZImageTransformer2DModel(
        in_channels=LATENT_CHANNELS,
        dim=192,
        n_layers=6,
        n_refiner_layers=1,
        n_heads=6,
        n_kv_heads=6,
        cap_feat_dim=TEXT_WIDTH,
        axes_dims=[8, 12, 12],
        axes_lens=[1024, 128, 128],
    )


def build_vae() -> Any:
    """Return the autoencoder: pictures [B, 3, H, W] in -1..1 to latents [B, 16, H/8, W/8]."""
    return AutoencoderKL(
        block_out_channels=(16, 24, 32, 48),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        # One group keeps the channels' ratios, so a flat colour survives every norm.
        norm_num_groups=1,
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        scaling_factor=1.0,
        shift_factor=0.0,
    )


def build_scheduler() -> Any:
    """Return the published scheduler."""
    return FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=SHIFT)


def encode_captions(tokenizer: Any, text_encoder: Any, prompts: list[str]) -> list[torch.Tensor]:
    """Return one [tokens, width] tensor per prompt, as the pipeline would."""
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
        )
        for prompt in prompts
    ]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    mask = batch.attention_mask.bool()
    states = text_encoder(
        input_ids=batch.input_ids, attention_mask=mask, output_hidden_states=True
    ).hidden_states[-2]
    return [row[kept] for row, kept in zip(states, mask, strict=True)]
