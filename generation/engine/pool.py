"""Weights of a transformer, kept in the host's memory: to change them back costs a copy, not a file."""

import os
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import torch

State = dict[str, torch.Tensor]


class WeightsPool:
    """States by what they are; bounded by bytes, the least recently used goes first."""

    def __init__(self, most_bytes: int) -> None:
        """Take the bound in bytes; 0 keeps nothing. Half of the host's memory is left to others in any case."""
        half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
        self.most_bytes = min(most_bytes, half)
        self._states: OrderedDict[Hashable, State] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._states

    @property
    def held_bytes(self) -> int:
        """Return what is kept."""
        return sum(map(size_bytes, self._states.values()))

    def keep(self, key: Hashable, transformer: Any) -> None:
        """Keep a transformer's weights under a key, unless they are kept already or alone are too large."""
        if key in self._states:
            return
        own = dict(transformer.named_parameters())
        if size_bytes(own) > self.most_bytes:
            return
        while self._states and self.held_bytes + size_bytes(own) > self.most_bytes:
            self._states.popitem(last=False)
        self._states[key] = {name: copy_of(value.data) for name, value in own.items()}

    def put_into(self, transformer: Any, key: Hashable) -> None:
        """Copy kept weights into a transformer, in place; raise KeyError for a key that is not kept."""
        state = self._states[key]
        self._states.move_to_end(key)
        with torch.no_grad():
            for name, value in transformer.named_parameters():
                value.copy_(state[name], non_blocking=True)


def size_bytes(state: State) -> int:
    """Return what a state takes in memory."""
    return sum(int(value.numel() * value.element_size()) for value in state.values())


def copy_of(value: torch.Tensor) -> torch.Tensor:
    """Return a copy on the host, pinned where the original is on a card: such copies go at the bus's full speed."""
    copy = torch.empty(value.shape, dtype=value.dtype, device="cpu", pin_memory=value.is_cuda)
    copy.copy_(value)
    return copy
