"""A little of the fuzzing with every run of the tests."""

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from .targets import TARGETS, Target


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def damaged(target: Target) -> st.SearchStrategy[bytes]:
    """Give any bytes, and good ones with some cut out or put in."""

    def damage(seed: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
        for place, length, piece in changes:
            at = place % (len(seed) + 1)
            seed = seed[:at] + piece + seed[at + length :]
        return seed

    pieces = st.binary(max_size=6) | st.sampled_from(target.words)
    change = st.tuples(st.integers(0, 4096), st.integers(0, 20), pieces)
    return st.binary(max_size=300) | st.builds(
        damage, st.sampled_from(target.seeds), st.lists(change, max_size=8)
    )


@pytest.mark.parametrize("name", TARGETS)
def test_good_bytes(name: str) -> None:
    """The invariants hold for good input."""
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_any_bytes(name: str, data: st.DataObject) -> None:
    """The invariants hold for damaged input, too."""
    TARGETS[name].run(data.draw(damaged(TARGETS[name])))
