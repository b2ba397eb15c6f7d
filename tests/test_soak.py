"""A short soak: the long one is scripts/soak."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(60)
@pytest.mark.parametrize("upload", ["wav", "opus"])
def test_soak(upload: str) -> None:
    """Nothing is lost or left after some seconds."""
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tests.soak", "0.05", f"--upload={upload}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "lost 0" in run.stdout
    assert ("(0 as Opus)" in run.stdout) == (upload == "wav")
