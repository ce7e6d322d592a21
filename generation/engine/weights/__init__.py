"""Weights files: safetensors by content, never pickle; judged first, then copied into a loaded transformer."""

from generation.engine.weights.files import WeightsError, WeightsFile, hash_file, identify_file
from generation.engine.weights.folders import FolderReport, check_folder, read_shapes
from generation.engine.weights.loading import check_values, judge_weights, load_weights
from generation.engine.weights.report import THRESHOLD, WeightsRefused, WeightsReport

__all__ = [
    "THRESHOLD",
    "FolderReport",
    "WeightsError",
    "WeightsFile",
    "WeightsRefused",
    "WeightsReport",
    "check_folder",
    "check_values",
    "hash_file",
    "identify_file",
    "judge_weights",
    "load_weights",
    "read_shapes",
]
