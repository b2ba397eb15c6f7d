"""Rules of hassfest and HACS that are easy to break, and the direction of our imports."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions, requires
from importlib.util import resolve_name
import json
import os
from pathlib import Path
import re
import struct
import subprocess
import sys
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion
import pytest

from homeassistant.components.brands.const import ALLOWED_IMAGES
from homeassistant.const import Platform
from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components/azure_stt"
MODULES = sorted(INTEGRATION.rglob("*.py"))

type Json = dict[str, Any]


def load(path: Path) -> Json:
    """Return a JSON file's object, empty if the file isn't there."""
    return json.loads(path.read_text()) if path.exists() else {}


@pytest.fixture
def manifest() -> Json:
    """Return the integration's manifest."""
    return load(INTEGRATION / "manifest.json")


@pytest.fixture
def translations() -> Json:
    """Return the integration's texts."""
    return load(INTEGRATION / "translations/en.json")


def strings(node: object) -> Iterator[str]:
    """Yield each string in a JSON value, without the keys."""
    match node:
        case str():
            yield node
        case dict():
            for child in node.values():
                yield from strings(child)


def objects(node: object) -> Iterator[Json]:
    """Yield each object in a JSON value, itself included."""
    match node:
        case dict():
            yield node
            for child in node.values():
                yield from objects(child)
        case list():
            for child in node:
                yield from objects(child)


def project_files() -> list[Path]:
    """Return the files that belong to the repository."""
    git = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for name in git.stdout.split("\0") if (path := ROOT / name).is_file()]


# The manifest, hacs.json and the brand


def test_manifest(manifest: Json) -> None:
    """The manifest has the keys that are asked for, in their order."""
    required = {
        "codeowners",
        "documentation",
        "domain",
        "iot_class",
        "issue_tracker",
        "name",
        "version",
    }
    optional = {
        "after_dependencies",
        "config_flow",
        "dependencies",
        "integration_type",
        "loggers",
        "quality_scale",
        "requirements",
        "single_config_entry",
    }
    assert required <= manifest.keys() <= required | optional
    assert list(manifest) == ["domain", "name", *sorted(manifest.keys() - {"domain", "name"})]
    assert manifest["domain"] == INTEGRATION.name
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    assert not any(" " in requirement for requirement in manifest.get("requirements", []))
    assert not manifest.get("config_flow") or (INTEGRATION / "config_flow.py").exists()


def test_address(manifest: Json) -> None:
    """The project's address stands only where scripts/set-repository writes it."""
    address = manifest["documentation"]
    assert re.fullmatch(r"https://github\.com/[\w-]+/[\w.-]+", address)
    assert manifest["issue_tracker"] == f"{address}/issues"
    link = re.compile(re.escape(address.removeprefix("https://")).encode() + rb"(?![\w-])")
    named = {path for path in project_files() if link.search(path.read_bytes())}
    assert named <= {
        INTEGRATION / "manifest.json",
        ROOT / "README.md",
        ROOT / "tests/test_set_repository.py",
    }


def test_dependencies(manifest: Json) -> None:
    """The manifest names every integration whose code is imported."""
    prefix = "homeassistant.components."
    imported = {
        name.removeprefix(prefix).split(".")[0]
        for module in MODULES
        for name in imports(module)
        if name.startswith(prefix)
    }
    declared = {*manifest.get("dependencies", []), *manifest.get("after_dependencies", [])}
    # A module such as diagnostics.py is loaded by the integration of that name.
    loaded_by = {module.stem for module in INTEGRATION.glob("*.py")}
    assert imported <= declared | loaded_by | set(Platform)


def test_versions(manifest: Json) -> None:
    """The project's version is the integration's; HACS requires the tests' Home Assistant."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert manifest["version"] == project["project"]["version"]
    oldest = load(ROOT / "hacs.json")["homeassistant"]
    assert f"homeassistant=={oldest}" in project["dependency-groups"]["test"]


def test_hacs() -> None:
    """hacs.json has only keys that HACS knows and names the archive of a release."""
    hacs = load(ROOT / "hacs.json")
    optional = {
        "content_in_root",
        "country",
        "filename",
        "hacs",
        "hide_default_branch",
        "homeassistant",
        "persistent_directory",
        "render_readme",
        "zip_release",
    }
    assert {"name"} <= hacs.keys() <= {"name"} | optional
    assert hacs["zip_release"]
    assert hacs["filename"] in (ROOT / ".github/workflows/release.yml").read_text()


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("icon.png", 256, 256),
        ("icon@2x.png", 512, 512),
        ("logo.png", 480, 128),
        ("logo@2x.png", 960, 256),
        ("dark_logo.png", 480, 128),
        ("dark_logo@2x.png", 960, 256),
    ],
)
def test_brand(name: str, width: int, height: int) -> None:
    """A brand image has its size."""
    header = (INTEGRATION / "brand" / name).read_bytes()[:24]
    assert struct.unpack(">8s4x4sII", header) == (b"\x89PNG\r\n\x1a\n", b"IHDR", width, height)


def test_brand_names() -> None:
    """Home Assistant serves every brand image."""
    assert {image.name for image in (INTEGRATION / "brand").iterdir()} <= ALLOWED_IMAGES


# Texts and icons


def test_json() -> None:
    """Every JSON file parses."""
    for path in project_files():
        if path.suffix == ".json":
            json.loads(path.read_bytes())


TRANSLATIONS = sorted((INTEGRATION / "translations").glob("*.json"))
LANGUAGES = {"de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt-BR", "sv", "zh-Hans"}


def test_translation_files() -> None:
    """The texts stand in translations/, and a custom integration has no strings.json."""
    assert {path.stem for path in TRANSLATIONS} == LANGUAGES
    assert not (INTEGRATION / "strings.json").exists()


def placeholders(node: Json, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the path of each text, with its placeholders and links."""
    for key, child in node.items():
        if isinstance(child, dict):
            yield from placeholders(child, f"{path}/{key}")
        else:
            yield f"{path}/{key}", sorted(re.findall(r"\{\w+\}|\]\(", child))


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.stem)
def test_translations_are_complete(path: Path, translations: Json) -> None:
    """Each language has all texts, with the same placeholders, and they are sorted."""
    texts = load(path)
    assert dict(placeholders(texts)) == dict(placeholders(translations))
    assert (
        path.read_text() == json.dumps(texts, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    )


def test_translation_keys(translations: Json) -> None:
    """The keys of texts have only the characters that are allowed."""
    assert translations.keys() <= {
        "common",
        "conditions",
        "config",
        "config_subentries",
        "device",
        "entity",
        "exceptions",
        "issues",
        "options",
        "selector",
        "services",
        "system_health",
        "title",
        "triggers",
    }
    keys = [key for node in objects(translations) for key in node]
    assert [key for key in keys if not re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", key)] == []


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(r"</?[a-zA-Z]", id="HTML"),
        pytest.param(r"\w://|\bwww\.", id="URL"),
        pytest.param(r"\A\s|\s\Z|\A\Z", id="space at an end, or nothing"),
        pytest.param(r"'\{\w+\}'", id="placeholder in single quotes"),
        pytest.param(r"\{(?![a-zA-Z_]\w*\})", id="placeholder that isn't a name"),
        pytest.param(r"\[%key", id="reference"),
    ],
)
def test_translation_values(path: Path, fault: str) -> None:
    """The texts have nothing that hassfest refuses."""
    assert [text for text in strings(load(path)) if re.search(fault, text)] == []


def test_data_descriptions(translations: Json) -> None:
    """Only fields that exist are described."""
    for node in objects(translations):
        assert node.get("data_description", {}).keys() <= node.get("data", {}).keys()


def test_subentries(translations: Json) -> None:
    """Each kind of subentry has its name and the text of the button that adds one."""
    for subentry in translations.get("config_subentries", {}).values():
        assert subentry["entry_type"]
        assert subentry["initiate_flow"]["user"]


def test_issues(translations: Json) -> None:
    """Each repair issue has a title, and a text or a flow."""
    for issue in translations.get("issues", {}).values():
        assert issue["title"]
        assert ("description" in issue) != ("fix_flow" in issue)


@pytest.mark.parametrize(
    ("module", "kind", "field_keys"),
    [
        ("services", "services", {"example", "default", "required", "selector", "filter"}),
        ("trigger", "triggers", {"example", "default", "required", "selector", "context"}),
    ],
)
def test_descriptions(module: str, kind: str, field_keys: set[str], translations: Json) -> None:
    """Each action and each trigger is described, named and explained, field by field."""
    path = INTEGRATION / f"{kind}.yaml"
    assert path.exists() == (INTEGRATION / f"{module}.py").exists()
    described = load_yaml_dict(str(path)) if path.exists() else {}
    texts = translations.get(kind, {})
    assert described.keys() == texts.keys()
    for name, description in described.items():
        assert description.keys() <= {"target", "fields"}
        assert {"name", "description"} <= texts[name].keys()
        fields, sections = unfolded(description.get("fields", {}))
        assert sections.keys() == texts[name].get("sections", {}).keys()
        assert fields.keys() == texts[name].get("fields", {}).keys()
        assert all(section.keys() <= {"fields", "collapsed"} for section in sections.values())
        assert all(field.keys() <= field_keys for field in fields.values())
        assert all(text["name"] for text in texts[name].get("fields", {}).values())


def unfolded(fields: Json) -> tuple[Json, Json]:
    """Return the fields of an action, those in its sections included, and the sections."""
    sections = {key: field for key, field in fields.items() if "fields" in field}
    plain = {key: field for key, field in fields.items() if key not in sections}
    for section in sections.values():
        plain |= section["fields"]
    return plain, sections


def test_yaml_selectors(translations: Json) -> None:
    """The options of a selector in YAML have their texts."""
    paths = [INTEGRATION / "services.yaml", INTEGRATION / "triggers.yaml"]
    files = [load_yaml_dict(str(path)) for path in paths if path.exists()]
    for selector in (node for node in objects(files) if "options" in node):
        texts = translations["selector"][selector["translation_key"]]["options"]
        assert texts.keys() == set(selector["options"])


def test_icons() -> None:
    """All icons are of Material Design."""
    icons = load(INTEGRATION / "icons.json")
    assert [icon for icon in strings(icons) if not re.fullmatch(r"mdi:[a-z0-9-]+", icon)] == []


def test_translation_keys_in_code(translations: Json) -> None:
    """The exceptions, issues and selectors that the code names have their texts."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and (text := text_of(node)):
                section, key = text
                assert key in translations.get(section, {}), f"{module.name}:{node.lineno}"


def text_of(call: ast.Call) -> tuple[str, str] | None:
    """Return the section and the key of the text that a call names, if it does."""
    arguments = {keyword.arg: keyword.value for keyword in call.keywords}
    match arguments.get("translation_key"), call.func:
        case ast.Constant(value=str(key)), _ if "translation_domain" in arguments:
            return "exceptions", key
        case ast.Constant(value=str(key)), (
            ast.Attribute(attr="async_create_issue") | ast.Name(id="async_create_issue")
        ):
            return "issues", key
        case ast.Constant(value=str(key)), ast.Name(id="SelectSelectorConfig"):
            return "selector", key
    return None


def test_quality_scale() -> None:
    """Each rule of the quality scale is done or exempt, and where that is shown exists."""
    rules = load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]
    assert len(rules) == 20 + 10 + 21 + 3  # bronze, silver, gold, platinum
    for name, rule in rules.items():
        assert rule["status"] in ("done", "exempt"), name
        for path in re.findall(r"[\w/.-]+\.(?:py|md|json)\b", rule["comment"]):
            assert (ROOT / path).exists() or (INTEGRATION / path).exists(), f"{name}: {path}"


# Rooms: the integration's folders, which import only from those below them

PACKAGE = ".".join(INTEGRATION.relative_to(ROOT).parts)
ROOMS = {
    "actions": {"home", "resource", "recognition", "audio", "azure_speech", "const"},
    "home": {"resource", "recognition", "audio", "azure_speech", "const"},
    "resource": {"recognition", "audio", "azure_speech", "const"},
    "recognition": {"audio", "azure_speech"},
    "audio": set[str](),
    "azure_speech": set[str](),
    "const": set[str](),
}
"""The folders that each folder may import; modules at the top level may import everything."""

WITHOUT_HOME_ASSISTANT = ("recognition", "audio", "azure_speech")
PRIVATE_API = re.compile(
    r"homeassistant\.components\."
    r"(conversation|assist_pipeline|homeassistant\.exposed_entities|stt\.const)\b"
)


def imports(module: Path) -> Iterator[str]:
    """Yield the full name of everything that a module imports, wherever it does."""
    package = ".".join(module.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                origin = resolve_name("." * level + (source or ""), package)
                yield from (f"{origin}.{name.name}" for name in names)


def own_imports(module: Path) -> set[str]:
    """Return the integration's modules that a module imports, such as `home.assist`."""
    prefix = f"{PACKAGE}."
    names = {name.removeprefix(prefix) for name in imports(module) if name.startswith(prefix)}
    known = {module_name(path) for path in MODULES}
    return {name if name in known else name.rpartition(".")[0] or name for name in names}


def module_name(path: Path) -> str:
    """Return a module's name inside the integration, such as `home.assist`."""
    return ".".join(path.relative_to(INTEGRATION).with_suffix("").parts)


def room(name: str) -> str:
    """Return the room of a module."""
    return name.partition(".")[0]


def test_rooms_exist() -> None:
    """Every folder of modules is a room, and there is one level of them."""
    assert {module.relative_to(INTEGRATION).parts[0] for module in MODULES} >= ROOMS.keys() - {
        "const"
    }
    assert {len(module.relative_to(INTEGRATION).parts) for module in MODULES} == {1, 2}
    folders = {module.parent.name for module in MODULES} - {INTEGRATION.name}
    assert folders <= ROOMS.keys()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(INTEGRATION)))
def test_rooms(module: Path) -> None:
    """A folder imports only from folders below it."""
    own = room(module_name(module))
    if own in ROOMS:
        assert {room(name) for name in own_imports(module)} <= {own} | ROOMS[own]


def test_no_circle() -> None:
    """No module imports itself by way of others, wherever the imports stand."""
    names = {
        ".".join(path.relative_to(INTEGRATION).with_suffix("").parts): path for path in MODULES
    }
    graph = {
        name: {other for other in own_imports(path) if other in names and other != name}
        for name, path in names.items()
    }
    # Raises CycleError, which names the circle.
    tuple(TopologicalSorter(graph).static_order())


def test_sizes() -> None:
    """No module is longer than 350 lines, except for tables."""
    sizes = {path: len(path.read_text().splitlines()) for path in MODULES}
    assert {path.name for path, lines in sizes.items() if lines > 350} == set()


def test_azure_speech_stands_alone() -> None:
    """The client needs only aiohttp and the standard library."""
    allowed = {*sys.stdlib_module_names, "aiohttp", "multidict", "yarl"}
    for module in (INTEGRATION / "azure_speech").rglob("*.py"):
        names = {name for name in imports(module) if not name.startswith(f"{PACKAGE}.azure_speech")}
        assert {name.split(".")[0] for name in names} <= allowed, module.name


@pytest.mark.parametrize("name", WITHOUT_HOME_ASSISTANT)
def test_rooms_without_home_assistant(name: str) -> None:
    """The lower rooms don't know Home Assistant."""
    for module in (INTEGRATION / name).glob("*.py"):
        assert not [each for each in imports(module) if each.startswith("homeassistant")], module


def test_private_api_has_two_importers() -> None:
    """Two modules import Home Assistant's private API, and only when needed."""
    importers = {
        module.relative_to(INTEGRATION).as_posix()
        for module in MODULES
        if any(PRIVATE_API.match(name) for name in imports(module))
    }
    assert importers == {"home/assist.py", "home/satellites.py"}
    for module in importers:
        tree = ast.parse((INTEGRATION / module).read_text())
        eager = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
        assert not [node.module for node in eager if PRIVATE_API.match(node.module or "")]


def test_declared_imports(manifest: Json) -> None:
    """Every package that is imported is in the manifest, or required by Home Assistant itself."""
    provided = packages_distributions()
    needed = {
        canonical(distribution)
        for module in MODULES
        for name in imports(module)
        if (top := name.split(".")[0]) not in {*sys.stdlib_module_names, "homeassistant"}
        and not name.startswith(PACKAGE)
        for distribution in provided[top]
    }
    declared = {canonical(re.split("[<>=!~]", line)[0]) for line in manifest["requirements"]}
    core = {canonical(re.split(r"[^\w.-]", line)[0]) for line in requires("homeassistant") or []}
    # Home Assistant itself answers to `import voluptuous`, with probatio.
    assert needed - core - {"voluptuous"} == declared


def canonical(distribution: str) -> str:
    """Return a distribution's name as PyPI compares it."""
    return re.sub("[-_.]+", "-", distribution).lower()


# Nothing of the machine that the project was written on


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param(rb"(?<![\w$}.~-])/(?:root|work|home/\w+|Users/\w+)/", id="path"),
        pytest.param(
            rb"(?:pypi\.org|pythonhosted\.org|registry\.\w+\.org|proxy\.golang\.org"
            rb"|(?:deb|snapshot)\.debian\.org)",
            id="registry",
        ),
    ],
)
def test_no_trace_of_a_machine(trace: bytes) -> None:
    """No file names a folder of one machine, or a registry that another would not use."""
    found = [path for path in project_files() if re.search(trace, path.read_bytes())]
    assert found == []


# Workflows, Dependabot and the dev container


def test_dependabot_leaves_home_assistants_pins_alone() -> None:
    """Dependabot ignores each package whose version Home Assistant pins."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = project["dependency-groups"]["home-assistant"]
    pinned = {pin.split("==")[0] for pin in pins} - {"rapidfuzz"}  # this one is our own choice
    updates = load_yaml_dict(str(ROOT / ".github/dependabot.yml"))["updates"]
    [python] = [update for update in updates if update["package-ecosystem"] == "uv"]
    ignored = {rule["dependency-name"] for rule in python["ignore"]}
    assert pinned | {"pytest-homeassistant-custom-component"} <= ignored


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda path: path.stem
)
def test_actions_are_pinned(path: Path) -> None:
    """Each action is pinned to a commit, or marked as unpinned on purpose."""
    actions = re.findall(r"(?m)^.*\buses: .*$", path.read_text())
    pinned = re.compile(r"@[0-9a-f]{40} # v\d|@\w+ # zizmor: ignore\[unpinned-uses\] \w")
    assert [action for action in actions if not pinned.search(action)] == []


@pytest.mark.parametrize(
    ("tag", "is_version"),
    [
        ("v0.1.0", True),
        ("v10.20.30", True),
        ("v1.2.3-beta.1", True),
        ("v1.2.3-rc.0", True),
        ("1.2.3", False),
        ("v1.2", False),
        ("v1.2.3.4", False),
        ("v1.02.3", False),
        ("v1.2.3b1", False),
        ("v1.2.3-", False),
        ("v1.2.3-beta", False),
        ("v1.2.3-beta.1/../x", False),
        ("latest", False),
        ("", False),
    ],
)
def test_release_checks_the_tag(tag: str, is_version: bool) -> None:  # noqa: FBT001
    """A release whose tag isn't a version ends with an error before anything is made."""
    release = load_yaml_dict(str(ROOT / ".github/workflows/release.yml"))
    check = release["jobs"]["archive"]["steps"][0]["run"]
    shell = subprocess.run(  # noqa: S603
        ["bash", "-e", "-c", check],  # noqa: S607
        env={"TAG": tag},
        check=False,
        capture_output=True,
        text=True,
    )
    assert shell.returncode == (0 if is_version else 1)
    assert shell.stdout.startswith("::error::The tag ") != is_version
    assert not is_version or AwesomeVersion(tag).valid


def test_dev_container_trusts_the_tree(tmp_path: Path) -> None:
    """In the dev container, Git works on a tree that belongs to another user."""
    container = load(ROOT / ".devcontainer/devcontainer.json")
    config = container["onCreateCommand"].split(" && ")[-1]
    tree = tmp_path / "a tree"
    environment = {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": str(tmp_path / "system"),
        "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1",
        "PATH": os.environ["PATH"],
    }
    trust = config.replace("${containerWorkspaceFolder}", str(tree))
    for command in (f"git init '{tree}'", trust, f"git -C '{tree}' status"):
        subprocess.run(["bash", "-c", command], env=environment, check=True)  # noqa: S603, S607


def test_dev_container_forwards_no_fixed_port() -> None:
    """The demo serves on a free port, which the editor forwards when it's printed."""
    assert "forwardPorts" not in load(ROOT / ".devcontainer/devcontainer.json")
