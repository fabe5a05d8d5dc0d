"""Language models behind one protocol: the embedded proposer `gp`, a mailbox, and whatever speaks the same words."""

from selftaught.models.language_model import LanguageModel, ModelInfo, Request
from selftaught.models.registry import find_model, model_info, model_infos

__all__ = ["LanguageModel", "ModelInfo", "Request", "find_model", "model_info", "model_infos"]
