"""What a run was made of, and the proof that its folder is unchanged."""

from __future__ import annotations

from colibri_geo.evidence.log import StepTiming, write_log
from colibri_geo.evidence.manifest import read_manifest, write_manifest
from colibri_geo.evidence.records import LayerRecord, PairRecord, RunRecord, SceneRecord
from colibri_geo.evidence.staging import check_target, staged_folder
from colibri_geo.evidence.verification import Verification, verify
from colibri_geo.evidence.versions import run_versions

__all__ = [
    "LayerRecord",
    "PairRecord",
    "RunRecord",
    "SceneRecord",
    "StepTiming",
    "Verification",
    "check_target",
    "read_manifest",
    "run_versions",
    "staged_folder",
    "verify",
    "write_log",
    "write_manifest",
]
