"""Profiles: their content, and the messages about a wrong one."""

from dataclasses import asdict
import json
from pathlib import Path

import pytest

from tests.emulator.profile import (
    Answers,
    EntraHosts,
    Profile,
    ProfileError,
    load_profile,
    read_profile,
)


def test_an_empty_profile_is_the_pessimistic_one() -> None:
    """It answers late and with the first utterance only."""
    profile = read_profile("{}")
    assert profile == Profile()
    assert (profile.answers, profile.latency) == (Answers.AT_END, 0.35)


def test_a_profile_survives_json() -> None:
    """Every field can be written and read back."""
    profile = Profile(
        answers=Answers.AT_END_EVERYTHING,
        pause=2,
        speed=1.5,
        max_alternatives=1,
        headerless=False,
        entra_hosts=EntraHosts.REGION,
    )
    assert read_profile(json.dumps(asdict(profile))) == profile


def test_only_the_speed_may_be_null() -> None:
    """It stands for a service that takes no time."""
    assert read_profile('{"speed": null}').speed is None
    with pytest.raises(ProfileError, match="pause must be a number"):
        read_profile('{"pause": null}')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ('{"patience": 1}', 'unknown key "patience"; known are answers, pause'),
        ('{"pause": 1, "pause": 2}', "stands twice"),
        ('{"answers": "at-end"}', 'one of early, at_end, at_end_everything, not "at-end"'),
        ('{"answers": []}', "answers must be one of"),
        ('{"pause": "1"}', 'pause must be a number from 0.1 to 60, not "1"'),
        ('{"pause": true}', "pause must be a number"),
        ('{"pause": NaN}', "pause must be a number"),
        ('{"pause": 0}', "pause must be a number"),
        ('{"speed": 1e999}', "a number from 0.1 to 1000 or null"),
        ('{"word_times": 1}', "word_times must be true or false, not 1"),
        ('{"max_alternatives": 1.5}', "a whole number from 1 to 100"),
        ('{"max_alternatives": true}', "a whole number from 1 to 100"),
        ('{"max_alternatives": 0}', "a whole number from 1 to 100"),
    ],
)
def test_refuses_a_wrong_profile(text: str, message: str) -> None:
    """The reason takes one line."""
    with pytest.raises(ProfileError) as error:
        read_profile(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_refuses_a_file_that_it_cannot_read(tmp_path: Path) -> None:
    """A missing one, a folder, and one that isn't text."""
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff")
    messages = []
    for path in (tmp_path / "missing.json", tmp_path, binary):
        with pytest.raises(ProfileError) as error:
            load_profile(path)
        messages.append(str(error.value))
    assert messages == ["No such file or directory", "Is a directory", "not UTF-8"]
