"""The study file: what is compared, who judges, how, with which labels and limits.

`load_study` reads and checks it whole; flags of the command line make or change one.
"""

from __future__ import annotations

from judge.study.flags import override, study_from_flags
from judge.study.load import load_study
from judge.study.model import (
    AnalysisSpec,
    Budget,
    DialogueSource,
    HumanLabels,
    JudgeSpec,
    JudgingSpec,
    ResourceSpec,
    Study,
    SystemSpec,
)
from judge.study.rules import check_names, known_ids, require_names

__all__ = [
    "AnalysisSpec",
    "Budget",
    "DialogueSource",
    "HumanLabels",
    "JudgeSpec",
    "JudgingSpec",
    "ResourceSpec",
    "Study",
    "SystemSpec",
    "check_names",
    "known_ids",
    "load_study",
    "override",
    "require_names",
    "study_from_flags",
]
