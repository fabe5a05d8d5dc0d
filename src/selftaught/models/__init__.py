"""Language models behind one protocol: the embedded proposer `gp`, a mailbox, and whatever speaks the same words."""

from selftaught.models.context import ModelContext, ModelMaker
from selftaught.models.language_model import (
    CallFailed,
    Finish,
    LanguageModel,
    ModelInfo,
    Reply,
    Request,
    Sample,
    opened_models,
)
from selftaught.models.registry import find_model, find_unasked, model_info, model_infos

__all__ = [
    "CallFailed",
    "Finish",
    "LanguageModel",
    "ModelContext",
    "ModelInfo",
    "ModelMaker",
    "Reply",
    "Request",
    "Sample",
    "find_model",
    "find_unasked",
    "model_info",
    "model_infos",
    "opened_models",
]
