"""Start a real Home Assistant, in a process and a directory of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
import json
import os
from pathlib import Path
import re
import shutil
import signal
import socket
import subprocess
from typing import Final, Self

from aiohttp import ClientError, ClientSession

from .connection import Connection

USERNAME: Final = "demo"
PASSWORD: Final = "demo"

_PROJECT: Final = Path(__file__).parents[2]
_HASS: Final = _PROJECT / ".dev/home-assistant/bin/hass"
_INTEGRATION: Final = _PROJECT / "custom_components/azure_stt"
_HOME: Final = Path(__file__).with_name("home")
# Linux then ends it with us, even if we are killed.
_TIE: Final = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []

_START_LIMIT: Final = 120.0
_STOP_LIMIT: Final = 20.0
_POLL_INTERVAL: Final = 0.1
_TAIL_LINES: Final = 30

_RECORD_START: Final = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.MULTILINE)
_COMPLAINT: Final = re.compile(
    r"^\S+ \S+ (ERROR|CRITICAL) |^Traceback|Detected blocking call", re.MULTILINE
)
_ABOUT_US: Final = re.compile(r"(?<!/)azure_stt|custom_components/azure_stt|\[asyncio\]")


class StartError(Exception):
    """Home Assistant did not start; the message ends with its last lines."""


class HomeAssistant:
    """A running Home Assistant.

    `url` is its address, which this machine alone reaches; `directory` is its configuration.
    """

    def __init__(self, directory: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        """Take over the process that serves `directory` on `port`."""
        self.directory = directory
        self.url = f"http://127.0.0.1:{port}"
        self._process = process
        self._token: str | None = None

    @classmethod
    @contextmanager
    def running(cls, directory: Path) -> Iterator[Self]:
        """Start one that is new, with the integration at hand but not set up; stop it at the end.

        `directory` must be empty or missing.
        """
        port = _free_port()
        _furnish(directory, port)
        with _output(directory).open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [*_TIE, _HASS, "--config", directory],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for us; we stop it.
            )
        try:
            yield cls(directory, port, process)
        finally:
            _stop(process)

    @property
    def log(self) -> str:
        """Return all that Home Assistant has logged so far."""
        return (self.directory / "home-assistant.log").read_text(encoding="utf-8")

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """Wait until it runs, make the first user if there is none, and log in.

        Raises `StartError` if it ends or isn't there after two minutes.
        """
        async with ClientSession(self.url) as session:
            try:
                async with asyncio.timeout(_START_LIMIT):
                    connection = await self._log_in(session)
            except TimeoutError as error:
                raise StartError(self._failure("isn't ready")) from error
            yield connection

    async def _log_in(self, session: ClientSession) -> Connection:
        await self._until(lambda: _answers(session))
        self._token = self._token or await _onboard(session, self.url)
        connection = Connection(session, self._token)
        await self._until(lambda: _runs(connection))
        return connection

    async def _until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        while not await condition():
            if (status := self._process.poll()) is not None:
                raise StartError(self._failure(f"has ended with status {status}"))
            await asyncio.sleep(_POLL_INTERVAL)

    def _failure(self, what: str) -> str:
        output = _output(self.directory)
        lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(lines[-_TAIL_LINES:])
        return f"Home Assistant {what}. Its last lines, from {output}:\n{tail}"


def complaints(log: str) -> list[str]:
    """Return the records of a log that tell of an error of the integration.

    That is each error or traceback that names it, each blocking call of it, and each
    error of asyncio, which names nobody (a task whose exception nobody fetched).
    """
    return [
        record
        for record in _RECORD_START.split(log)
        if _COMPLAINT.search(record) and _ABOUT_US.search(record)
    ]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _furnish(directory: Path, port: int) -> None:
    shutil.copytree(
        _HOME, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    (directory / "custom_components/azure_stt").symlink_to(_INTEGRATION)
    (directory / "media").mkdir()
    (directory / "secrets.yaml").write_text(f"media: {directory / 'media'}\n", encoding="utf-8")
    # In YAML these would be on trial for five minutes (components/http/config.py).
    # Version 1 is the one that is completed from defaults.
    _store(directory, "http", 1, {"server_host": ["127.0.0.1"], "server_port": port})
    # Left for us is the user alone: finishing the other steps by the API would set up
    # integrations that need the internet (components/onboarding/views.py).
    _store(directory, "onboarding", 4, {"done": ["analytics", "core_config", "integration"]})


def _store(directory: Path, key: str, version: int, data: dict[str, object]) -> None:
    path = directory / ".storage" / key
    path.parent.mkdir(exist_ok=True)
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    path.write_text(json.dumps(content), encoding="utf-8")


def _output(directory: Path) -> Path:
    return directory / "output.log"


def _environment() -> dict[str, str]:
    # PYTHONPATH would offer another `custom_components`, and without compiled modules
    # (PYTHONDONTWRITEBYTECODE) it takes twice as long to start.
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def _answers(session: ClientSession) -> bool:
    try:
        async with session.get("/api/onboarding") as response:
            return response.ok
    except ClientError:
        return False


async def _runs(connection: Connection) -> bool:
    return bool((await connection.get("/api/config"))["state"] == "RUNNING")


async def _onboard(session: ClientSession, url: str) -> str:
    """Make the first user as the welcome page does; return an access token for 30 minutes."""
    client = f"{url}/"
    user = {
        "name": "Demo",
        "username": USERNAME,
        "password": PASSWORD,
        "client_id": client,
        "language": "en",
    }
    async with session.post("/api/onboarding/users", json=user) as response:
        response.raise_for_status()
        code = (await response.json())["auth_code"]
    grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
    async with session.post("/auth/token", data=grant) as response:
        response.raise_for_status()
        token: str = (await response.json())["access_token"]
    return token
