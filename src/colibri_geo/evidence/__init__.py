"""What a run was made of, and the proof that its folder is unchanged.

The versions of the libraries are not imported here: they need all of these, which who checks a folder does without.
"""

from __future__ import annotations

from colibri_geo.evidence.log import StepTiming, write_log
from colibri_geo.evidence.manifest import read_manifest, write_manifest
from colibri_geo.evidence.records import LayerRecord, PairRecord, RunRecord, SceneRecord
from colibri_geo.evidence.staging import check_target, staged_folder
from colibri_geo.evidence.verification import Verification, verify

__all__ = [
    "LayerRecord",
    "PairRecord",
    "RunRecord",
    "SceneRecord",
    "StepTiming",
    "Verification",
    "check_target",
    "read_manifest",
    "staged_folder",
    "verify",
    "write_log",
    "write_manifest",
]
