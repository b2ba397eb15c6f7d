"""The mutated copy behaves as the project does."""

from pathlib import Path
import types
from typing import Any, Final

import pytest

from .undecorate import undecorated

DECORATED: Final = '''
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import override

class Base:
    """It has one of each."""

    @property
    def size(self) -> int:
        return self._size

    @classmethod
    def made(cls) -> "Base":
        return cls()

    @staticmethod
    def one() -> int:
        return 1

    @staticmethod
    @cache
    def two() -> int:
        return 2

    _size = 3

class Child(Base):
    @property
    @override
    def size(self) -> int:
        return super().size + 1

@contextmanager
def block():
    yield 5
'''


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def loaded(source: str) -> Any:  # noqa: ANN401
    """Return the names of a module."""
    module = types.ModuleType("loaded")
    exec(source, vars(module))  # noqa: S102
    return module


@pytest.mark.parametrize("change", [str, undecorated], ids=["decorated", "undecorated"])
def test_means_the_same(change: Any) -> None:  # noqa: ANN401
    """A function and the calls of its decorators are the same as the decorated function."""
    module = loaded(change(DECORATED))
    child = module.Child.made()
    assert isinstance(child, module.Child)
    assert (child.size, child.one(), child.two()) == (4, 1, 2)
    with module.block() as value:
        assert value == 5


def test_leaves_no_decorator() -> None:
    """Only those that mutmut knows are left."""
    lines = [line.strip() for line in undecorated(DECORATED).splitlines()]
    assert [line for line in lines if line.startswith("@")] == ["@classmethod", "@staticmethod"]


def test_everything_can_be_changed() -> None:
    """The result is a module, with any syntax in the module."""
    package = Path(__file__).parents[2] / "custom_components/azure_stt"
    for module in (*package.glob("azure_speech/*.py"), *package.glob("recognition/*.py")):
        compile(undecorated(module.read_text()), module.name, "exec")
