"""A short soak: the long one is scripts/soak."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(60)
def test_soak() -> None:
    """Nothing is lost or left after some seconds."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.soak", "0.05"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "lost 0" in run.stdout
