"""Each kind of service is told from the others, and can be played by the profile."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from tests.emulator import (
    Alternative,
    Answers,
    Emulator,
    EntraHosts,
    OverLength,
    Profile,
    ScriptedModel,
)
from tests.emulator.profile import load_profile

from .helpers import observe, probes

pytestmark = pytest.mark.usefixtures("socket_enabled")

LATENCY: Final = 0.05
ANSWERING: Final = ("key", "quiet-after", "pause-0.5", "pause-1", "pause-2", "pause-3")
EARLY = Profile(answers=Answers.EARLY, latency=LATENCY)
LATE_EARLY = Profile(answers=Answers.EARLY, pause=1.5, latency=LATENCY)
AT_END = Profile(latency=LATENCY)
EVERYTHING = Profile(answers=Answers.AT_END_EVERYTHING, latency=LATENCY)


def emulator(profile: Profile, **settings: Any) -> Emulator:  # noqa: ANN401
    """Return an emulator with a profile."""
    return Emulator(**(vars(profile) | settings))


def answering(report: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """Return the text at each pause, and whether it came before the upload's end."""
    return {
        name: (probe["data"]["heard"], probe["data"]["early"])
        for name, probe in probes(report).items()
        if "heard" in probe["data"]
    }


@pytest.mark.parametrize(
    ("profile", "heard", "differing"),
    [
        pytest.param(
            EARLY,
            dict.fromkeys(ANSWERING[1:], ("first", True)),
            {"quiet-after", "pause-0.5", "pause-1", "pause-2", "pause-3"},
            id="early",
        ),
        pytest.param(
            LATE_EARLY,
            {
                "quiet-after": ("first", True),
                "pause-0.5": ("both", False),
                "pause-1": ("both", False),
                "pause-2": ("first", True),
                "pause-3": ("first", True),
            },
            {"quiet-after", "pause-0.5", "pause-1", "pause-2", "pause-3"},
            id="early at a longer pause",
        ),
        pytest.param(AT_END, dict.fromkeys(ANSWERING[1:], ("first", False)), set(), id="end"),
        pytest.param(
            EVERYTHING,
            {
                "quiet-after": ("first", False),
                **dict.fromkeys(ANSWERING[2:], ("both", False)),
            },
            {"pause-0.5", "pause-1", "pause-2", "pause-3"},
            id="everything at the end",
        ),
    ],
)
async def test_kind_of_service(
    profile: Profile, heard: dict[str, tuple[str, bool]], differing: set[str], tmp_path: Path
) -> None:
    """The table shows the differences; the emulator with the profile made from it has the same."""
    # Only an early answer has to be told from the upload's end by the clock.
    pace = 6 if profile.answers is Answers.EARLY else 12
    async with emulator(profile) as azure:
        report = await observe(azure.url, tmp_path, *ANSWERING, pace=pace)
    assert answering(report) == heard
    assert {name for name, one in probes(report).items() if one["holds"] == "no"} == differing
    assert report["code"] == 0  # the integration doesn't depend on any of it
    early = [one["data"] for one in report["probes"] if one["data"].get("early")]
    assert all(data["closes"] for data in early)  # as aiohttp's header announces

    observed = load_profile(tmp_path / "profile.json")
    assert observed.answers is profile.answers
    assert observed.latency == pytest.approx(LATENCY, abs=0.15)
    if profile.answers is not Answers.AT_END_EVERYTHING:
        assert observed.pause == pytest.approx(profile.pause, abs=0.5)
    async with emulator(observed) as played:
        again = await observe(played.url, tmp_path, *ANSWERING, pace=pace)
    assert answering(again) == heard


async def test_speed(tmp_path: Path) -> None:
    """A service that works at a certain speed is known by the burst."""
    async with emulator(Profile(latency=LATENCY, speed=20)) as azure:
        report = await observe(azure.url, tmp_path, "key", "burst-55", pace=12)
    assert report["profile"]["speed"] == pytest.approx(20, rel=0.1)
    assert probes(report)["burst-55"]["holds"] == "yes"


DETAILS: Final = ("simple", "detailed", "word-times", "alternatives", "long-silence", "entra")
FORMS: Final = ("headerless", "rate-44100", "over-60")


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(Profile(latency=0), id="defaults"),
        pytest.param(
            Profile(
                latency=0,
                initial_silence=3,
                ticks_as_text=True,
                max_alternatives=2,
                word_times=False,
                masked_itn_capitals=False,
                primary_language_object=True,
                entra_hosts=EntraHosts.REGION,
                over_length=OverLength.CUT,
                headerless=False,
                other_sample_rates=True,
            ),
            id="others",
        ),
    ],
)
async def test_details(profile: Profile, tmp_path: Path) -> None:
    """Every other key of the profile is observed too."""
    async with emulator(profile) as azure:
        report = await observe(azure.url, tmp_path, *DETAILS, *FORMS, pace=12)
    observed = load_profile(tmp_path / "profile.json")
    assert report["code"] == 0
    # One alternative says nothing about how many there can be.
    assert replace(observed, latency=0, max_alternatives=profile.max_alternatives) == profile


async def test_alternatives(tmp_path: Path) -> None:
    """The most alternatives that were seen, and the first one, which isn't the surest."""
    alternatives = [
        Alternative(text="Turn on the kitchen light.", confidence=0.5),
        Alternative(text="Turn on the chicken light.", confidence=0.9),
        Alternative(text="Turn on the kitten light.", confidence=0.4),
    ]
    speech_model = ScriptedModel(lambda _audio, _language: alternatives)
    async with emulator(Profile(latency=0), speech_model=speech_model) as azure:
        report = await observe(azure.url, tmp_path, "alternatives")
    assert report["profile"]["max_alternatives"] == 3
    assert probes(report)["alternatives"]["data"] == {
        "count": 3,
        "sorted": False,
        "display": False,
    }
