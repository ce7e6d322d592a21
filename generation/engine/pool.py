"""Weights of a transformer, kept in the host's memory: to change them back costs a copy, not a file."""

import os
from collections import OrderedDict
from collections.abc import Hashable, Iterator
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

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._states)

    @property
    def held_bytes(self) -> int:
        """Return what is kept."""
        return sum(map(size_bytes, self._states.values()))

    def keep(self, key: Hashable, transformer: Any, *, beside: Hashable = None) -> None:
        """Keep a transformer's weights under a key, where they have room beside the state that is wanted next."""
        if key in self._states:
            return
        if beside in self._states:
            self._states.move_to_end(beside)
        own = dict(transformer.named_parameters())
        size = size_bytes(own)
        if size + size_bytes(self._states.get(beside, {})) > self.most_bytes:
            return
        while self.held_bytes + size > self.most_bytes:
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
    """Return what a state takes in the host's memory; torch rounds pinned tensors up to a power of two."""
    return sum(
        1 << (value.nbytes - 1).bit_length() if value.is_cuda or value.is_pinned() else value.nbytes
        for value in state.values()
    )


def copy_of(value: torch.Tensor) -> torch.Tensor:
    """Return a copy on the host, pinned where the original is on a card: such copies go at the bus's full speed."""
    copy = torch.empty(value.shape, dtype=value.dtype, device="cpu", pin_memory=value.is_cuda)
    copy.copy_(value)
    return copy
