"""``colibri-geo simulate``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from colibri_geo.cli.main import main
from colibri_geo.sim import sample_files


@pytest.mark.slow
def test_command_writes_the_samples(tmp_path: Path) -> None:
    """The command writes every sample, names each, and replaces them only when told to."""
    runner = CliRunner()
    first = runner.invoke(main, ["simulate", str(tmp_path / "samples")])
    assert first.exit_code == 0
    assert {Path(line).name for line in first.output.split()} == set(sample_files())
    assert runner.invoke(main, ["simulate", str(tmp_path / "samples")]).exit_code == 2
    assert runner.invoke(main, ["simulate", str(tmp_path / "samples"), "--overwrite"]).exit_code == 0
