"""How many floating-point operations Z-Image needs, counted from its dimensions; a product and its addition are two.

Matrix products, convolutions and attention only: the rest is below a hundredth.
"""

from dataclasses import dataclass
from typing import Any

PIXELS_A_TOKEN = 16
PIXELS_A_LATENT = 8
# Both the picture's and the caption's tokens are padded to a multiple of it.
MULTIPLE = 32
# Width of what the blocks are modulated by.
MODULATION = 256


@dataclass(frozen=True)
class Block:
    """One transformer block: its width, its feed-forward's, the widths of queries and of keys and values."""

    width: int
    hidden: int
    query: int
    key: int

    def count(self, tokens: int) -> float:
        """Return the operations on a sequence: projections, attention (causal or not), gated feed-forward."""
        projections = 2 * self.width * (2 * self.query + 2 * self.key)
        attention = 4 * tokens * self.query
        return float(tokens * (projections + attention + 6 * self.width * self.hidden))


def pad(tokens: int) -> int:
    """Return a number of tokens as the transformer pads it."""
    return -(-tokens // MULTIPLE) * MULTIPLE


def count_step(config: Any, width: int, height: int, caption: int) -> float:
    """Return the operations of one forward of the denoiser for one picture. Sizes in pixels, the caption in tokens."""
    image, words = pad(width * height // PIXELS_A_TOKEN**2), pad(caption)
    dim = config.dim
    block = Block(dim, int(dim / 3 * 8), dim, dim)
    total = config.n_layers * block.count(image + words)
    total += config.n_refiner_layers * (block.count(image) + block.count(words))
    patch = 4 * config.in_channels
    total += 4 * image * patch * dim + 2 * words * config.cap_feat_dim * dim
    modulated = config.n_layers + config.n_refiner_layers
    return float(total + modulated * 2 * min(dim, MODULATION) * 4 * dim)


def count_encode(config: Any, tokens: int) -> float:
    """Return the operations of encoding a prompt of so many tokens, padding included."""
    query = config.num_attention_heads * config.head_dim
    key = config.num_key_value_heads * config.head_dim
    block = Block(config.hidden_size, config.intermediate_size, query, key)
    return float(config.num_hidden_layers * block.count(tokens))


def count_decode(config: Any, width: int, height: int) -> float:
    """Return the operations of decoding one picture, in pixels."""
    tokens = width * height // PIXELS_A_LATENT**2
    channels = list(reversed(config.block_out_channels))
    widest = channels[0]
    total = conv(config.latent_channels, widest, tokens) + 2 * resnet(widest, widest, tokens)
    if config.mid_block_add_attention:
        total += tokens * (8 * widest * widest + 4 * tokens * widest)
    before = widest
    for number, after in enumerate(channels):
        for _ in range(config.layers_per_block + 1):
            total += resnet(before, after, tokens)
            before = after
        if number < len(channels) - 1:
            tokens *= 4
            total += conv(after, after, tokens)
    return total + conv(before, config.out_channels, tokens)


def resnet(before: int, after: int, places: int) -> float:
    """Return the operations of one residual block, with its shortcut where the widths differ."""
    shortcut = 2 * before * after * places if before != after else 0
    return conv(before, after, places) + conv(after, after, places) + shortcut


def conv(before: int, after: int, places: int) -> float:
    """Return the operations of a 3 x 3 convolution with so many results."""
    return float(18 * before * after * places)
