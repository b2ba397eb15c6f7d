"""The outcomes of a run: its exit code, and its files, which are whole or missing."""

import json
from pathlib import Path
from typing import Final

import pytest

from tests.emulator import Emulator, Fault, Profile, ScriptedModel
from tests.emulator.profile import load_profile

from .helpers import ROOT, load_script, observe, probes, read_files, verify

pytestmark = pytest.mark.usefixtures("socket_enabled")

QUICK: Final = ("--pace=12", "--only", "token", "header-0-0")
SHAPELESS: Final = '{"RecognitionStatus": "Success", "NBest": [1]}'
FILES: Final = {"profile.json", "verify-azure.json", "verify-azure.md"}


async def test_everything(tmp_path: Path) -> None:
    """Against an emulator like the command's, all that the integration relies on holds."""
    async with Emulator(**vars(Profile(latency=0.05)), empty_file_header=False) as azure:
        outcome = await verify(f"--emulator={azure.url}", f"--report={tmp_path}", "--pace=30")
    files = read_files(tmp_path)
    report = json.loads(files["verify-azure.json"])
    relied = {name for name, probe in probes(report).items() if probe["relied"]}
    differing = {name for name, probe in probes(report).items() if probe["holds"] == "no"}
    skipped = {name for name, probe in probes(report).items() if probe["holds"] == "skipped"}
    assert outcome.code == 0, outcome.told
    assert {probe["name"] for probe in report["probes"]} == {
        probe.name for probe in load_script().PROBES
    }
    assert skipped == {"opus-live", "opus-file", "keep-alive-early"}
    assert not differing & relied
    assert not [one for one in report["probes"] if one["holds"] == "unanswered"]
    assert outcome.table == files["verify-azure.md"]
    assert all(f"{name}** |" in outcome.table for name in relied)
    assert json.loads(files["profile.json"]) == report["profile"]


async def test_its_own_emulator() -> None:
    """Without a key and an address, it starts the emulator and ends it."""
    outcome = await verify("--only", "header-0-0")
    assert outcome.code == 0, outcome.told
    assert outcome.table.startswith("service emulator, language en-US")


async def test_something_that_is_relied_on(tmp_path: Path) -> None:
    """Exit 1, with a whole report."""
    async with Emulator(speech_model=ScriptedModel(["Something else."] * 9)) as azure:
        outcome = await verify(f"--emulator={azure.url}", f"--report={tmp_path}", *QUICK)
    assert outcome.code == 1
    assert "relies on assumptions that don't hold: header-0-0\n" in outcome.told
    assert set(read_files(tmp_path)) == FILES


async def test_something_else(tmp_path: Path) -> None:
    """A probe that only asks doesn't decide."""
    async with Emulator() as azure:
        azure.fast_transcription = False
        report = await observe(azure.url, tmp_path, "fast", "gateway")
    assert [probe["holds"] for probe in report["probes"]] == ["no", "no"]
    assert report["code"] == 0


async def test_fast_transcription(tmp_path: Path) -> None:
    """Both of its probes hold on the emulator, and the profile gets its latency."""
    async with Emulator(fast_latency=0.4) as azure:
        report = await observe(azure.url, tmp_path, "fast", "fast-phrases")
    assert load_profile(tmp_path / "profile.json").fast_latency == pytest.approx(0.4, abs=0.15)
    assert [probe["holds"] for probe in report["probes"]] == ["yes", "yes"]
    assert "phraseList" in azure.requests[-1].definition


@pytest.mark.parametrize(
    ("fault", "holds"),
    [
        pytest.param(Fault(reset=True), "unanswered", id="reset"),
        pytest.param(Fault(status=200, body="[]"), "no", id="not a result"),
        pytest.param(Fault(status=200, body=SHAPELESS), "unanswered", id="another shape"),
        pytest.param(Fault(status=503), "yes", id="busy once"),
    ],
)
async def test_one_strange_answer(fault: Fault, holds: str, tmp_path: Path) -> None:
    """It costs one probe, not the run."""
    async with Emulator(faults=[Fault(), fault]) as azure:
        report = await observe(azure.url, tmp_path, "detailed", "simple")
    verdicts = {probe["name"]: probe["holds"] for probe in report["probes"]}
    assert verdicts == {"simple": holds, "detailed": "yes"}
    assert report["code"] == (0 if holds == "yes" else 1)


async def test_wrong_key(tmp_path: Path) -> None:
    """One line, exit 2, no file."""
    folder = tmp_path / "report"
    async with Emulator() as azure:
        outcome = await verify(
            f"--emulator={azure.url}", f"--report={folder}", "--key=nonsense", *QUICK
        )
    assert outcome.code == 2
    assert outcome.told.startswith("verify-azure: Azure refused to recognize: 401 “Access denied")
    assert outcome.told.count("\n") == 1
    assert not outcome.table
    assert not read_files(tmp_path)


async def test_no_network(tmp_path: Path) -> None:
    """One line, exit 2, no file."""
    outcome = await verify("--emulator=http://127.0.0.1:1", f"--report={tmp_path}", *QUICK)
    assert outcome.code == 2
    assert outcome.told == (
        "verify-azure: The host can't be reached: Connection refused."
        " Is the region right, and is there a network?\n"
    )
    assert not read_files(tmp_path)


async def test_full_disk(tmp_path: Path) -> None:
    """The table is shown, but no file is begun or changed."""
    (tmp_path / "profile.json").write_text("the former one")
    async with Emulator() as azure:
        outcome = await verify(
            f"--emulator={azure.url}",
            f"--report={tmp_path}",
            *QUICK,
            before=("sh", "-c", 'ulimit -f 0 && exec "$@"', "sh"),
        )
    assert outcome.code == 2
    assert "| **token** |" in outcome.table
    line = outcome.told.splitlines()[-1]
    assert line.startswith("verify-azure: ")
    assert line.endswith("verify-azure.md can't be written: File too large")
    assert read_files(tmp_path) == {"profile.json": "the former one"}


@pytest.mark.parametrize("name", ["missing/folder/table.md", "folder", "/dev/null"])
async def test_file_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    """That is said before anything is sent."""
    (tmp_path / "folder").mkdir()
    async with Emulator() as azure:
        outcome = await verify(f"--emulator={azure.url}", f"--markdown={tmp_path / name}", *QUICK)
        assert not azure.requests
    assert outcome.code == 2
    assert outcome.told.count("\n") == 1
    assert name in outcome.told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--region=west.europe", "--key=k"], "--region is a word"),
        (["--region=westeurope"], "Give a key"),
        (["--endpoint=https://example.org", "--key=k"], "--endpoint is an address"),
        (["--region=westeurope", "--tenant-id=t"], "also needs --client-id"),
        (["--region=westeurope", "--key=k", "--language=eo-EO"], "no script for eo-EO"),
        (["--region=westeurope", "--key=k", f"--opus={ROOT}/README.md"], "isn't OGG with Opus"),
        (["--region=westeurope", "--key=k", "--opus=missing.opus"], "can't be read: No such"),
        (["--emulator=https://example.org"], "--emulator is an address"),
        (["--only=nonsense"], "invalid choice: 'nonsense'"),
    ],
)
async def test_wrong_options(arguments: list[str], message: str) -> None:
    """Exit 2, with the reason."""
    outcome = await verify(*arguments)
    assert outcome.code == 2
    assert message in outcome.told
