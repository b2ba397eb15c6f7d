"""Tests of scripts/set-repository."""

from pathlib import Path
import runpy
import shutil

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts/set-repository"
MANIFEST = """\
{
  "codeowners": ["@OWNER", "@OWNER-2"],
  "documentation": "https://github.com/OWNER/NAME",
  "issue_tracker": "https://github.com/OWNER/NAME/issues"
}
"""
README = """\
![Test](https://github.com/OWNER/NAME/actions/workflows/test.yml/badge.svg)
[HACS](https://my.home-assistant.io/redirect/hacs_repository/?owner=OWNER&repository=NAME)
[Another project](https://github.com/OWNER/NAME-2) at OWNER/NAME-2.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose address isn't set yet."""
    integration = tmp_path / "custom_components/azure_stt"
    integration.mkdir(parents=True)
    (integration / "manifest.json").write_text(MANIFEST)
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    return tmp_path


def set_repository(project: Path, *arguments: str) -> None:
    """Run the project's script."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [SCRIPT.name, *arguments])
        runpy.run_path(str(project / "scripts" / SCRIPT.name), run_name="__main__")


def texts(project: Path) -> tuple[str, str]:
    """Return the texts of the manifest and the README."""
    manifest = project / "custom_components/azure_stt/manifest.json"
    return manifest.read_text(), (project / "README.md").read_text()


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param(["some-body/some.thing"], id="once"),
        pytest.param(["some-body/some.thing", "some-body/some.thing"], id="twice"),
        pytest.param(["a/b", "c-d/e.f_g", "some-body/some.thing"], id="in a row"),
    ],
)
def test_set_repository(project: Path, addresses: list[str]) -> None:
    """The address is written wherever it stands, whichever stood there before."""
    for address in addresses:
        set_repository(project, address)

    assert texts(project) == (
        """\
{
  "codeowners": ["@some-body", "@OWNER-2"],
  "documentation": "https://github.com/some-body/some.thing",
  "issue_tracker": "https://github.com/some-body/some.thing/issues"
}
""",
        """\
![Test](https://github.com/some-body/some.thing/actions/workflows/test.yml/badge.svg)
[HACS](https://my.home-assistant.io/redirect/hacs_repository/?owner=some-body&repository=some.thing)
[Another project](https://github.com/OWNER/NAME-2) at OWNER/NAME-2.
""",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [""],
        ["NAME"],
        ["/NAME"],
        ["OWNER/"],
        ["OWNER/.."],
        ["-OWNER/NAME"],
        ["OWNER/NA ME"],
        ["OWNER/NAME\n"],
        ["OWNER/NAME/issues"],
        ["https://github.com/OWNER/NAME"],
        ["OWNER", "NAME"],
    ],
)
def test_refused(project: Path, arguments: list[str]) -> None:
    """Text that isn't an address is refused, and nothing is written."""
    with pytest.raises(SystemExit, match="OWNER/NAME"):
        set_repository(project, *arguments)
    assert texts(project) == (MANIFEST, README)
