"""Weights files: safetensors by content, never pickle; judged first, then copied into a loaded transformer."""

from generation.engine.weights.files import WeightsError, WeightsFile, hash_file, identify_file
from generation.engine.weights.folders import (
    FolderReport,
    build_empty,
    check_folder,
    hash_folder,
    identify_transformer,
    read_shapes,
)
from generation.engine.weights.loading import check_values, judge_weights, load_weights
from generation.engine.weights.report import THRESHOLD, WeightsRefused, WeightsReport

__all__ = [
    "THRESHOLD",
    "FolderReport",
    "WeightsError",
    "WeightsFile",
    "WeightsRefused",
    "WeightsReport",
    "build_empty",
    "check_folder",
    "check_values",
    "hash_file",
    "hash_folder",
    "identify_file",
    "identify_transformer",
    "judge_weights",
    "load_weights",
    "read_shapes",
]
