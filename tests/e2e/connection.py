"""Talk to a running Home Assistant as its own pages do: by REST and by websocket."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from math import ceil
from time import monotonic
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

type Json = Any  # whatever JSON gives

SAMPLE_RATE: Final = 16_000

_LANGUAGE: Final = "en-US"
_BYTES_PER_SECOND: Final = SAMPLE_RATE * 2
_FRAME_SECONDS: Final = 0.032  # as a satellite with ESPHome sends
_FRAME_BYTES: Final = int(_FRAME_SECONDS * _BYTES_PER_SECOND)
_RUN_LIMIT: Final = 60.0
_ENTRIES: Final = "/api/config/config_entries/entry"
_FLOWS: Final = "/api/config/config_entries/flow"
_SUBENTRY_FLOWS: Final = "/api/config/config_entries/subentries/flow"


class CommandError(Exception):
    """Home Assistant refused a command, with the message that it gave, or hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineEvent:
    """An event of an Assist pipeline's run; `at` is the monotonic time of its arrival, seconds."""

    type: str
    data: dict[str, Any]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRun:
    """The outcome of one spoken command; `started` is the monotonic time of its first sample."""

    started: float
    events: tuple[PipelineEvent, ...]

    def event(self, kind: str) -> PipelineEvent:
        """Return the event of that type, such as `stt-end`; raise `LookupError` without one."""
        for event in self.events:
            if event.type == kind:
                return event
        reason = f"No {kind} in {[(event.type, event.data) for event in self.events]}"
        raise LookupError(reason)

    @property
    def text(self) -> str:
        """Return the recognized text."""
        text: str = self.event("stt-end").data["stt_output"]["text"]
        return text

    @property
    def answer(self) -> str:
        """Return Home Assistant's answer."""
        response = self.event("intent-end").data["intent_output"]["response"]
        answer: str = response["speech"]["plain"]["speech"]
        return answer


class Connection:
    """The session of a logged-in user."""

    def __init__(self, session: ClientSession, token: str) -> None:
        """Use `session`, whose base address is Home Assistant's, with an access token."""
        self._session = session
        self._token = token

    async def get(self, path: str) -> Json:
        """Return the answer to a GET."""
        return await self._request("GET", path)

    async def post(self, path: str, **body: Json) -> Json:
        """Return the answer to a POST of `body` as JSON."""
        return await self._request("POST", path, json=body)

    async def command(self, kind: str, **fields: Json) -> Json:
        """Return the result of a websocket command; raise `CommandError` if it is refused."""
        async with self._websocket() as websocket:
            return await _ask(websocket, kind, fields)

    async def start_flow(self, domain: str) -> Json:
        """Return the first step of the form that adds an integration."""
        return await self.post(_FLOWS, handler=domain)

    async def start_subentry_flow(self, entry_id: str, kind: str) -> Json:
        """Return the first step of the form that adds a subentry of some kind to an entry."""
        return await self.post(_SUBENTRY_FLOWS, handler=[entry_id, kind])

    async def current_step(self, flow_id: str) -> Json:
        """Return the step at which a form is that Home Assistant has started itself."""
        return await self.get(f"{_FLOWS}/{flow_id}")

    async def answer_step(self, step: Json, **answers: object) -> Json:
        """Fill in a step of a form; return the next one."""
        flows = _SUBENTRY_FLOWS if isinstance(step["handler"], list) else _FLOWS
        return await self.post(f"{flows}/{step['flow_id']}", **answers)

    async def choose(self, menu: Json, step_id: str) -> Json:
        """Take one of a menu's ways; return its step."""
        return await self.answer_step(menu, next_step_id=step_id)

    async def reload_entry(self, entry_id: str) -> None:
        """Unload an entry and set it up again."""
        await self.post(f"{_ENTRIES}/{entry_id}/reload")

    async def remove_entry(self, entry_id: str) -> None:
        """Remove an entry with all that belongs to it."""
        await self._request("DELETE", f"{_ENTRIES}/{entry_id}")

    async def entities(self, entry_id: str, domain: str) -> list[str]:
        """Return the entity IDs of one domain that an entry has made."""
        registry = await self.command("config/entity_registry/list")
        return [
            entity["entity_id"]
            for entity in registry
            if entity["config_entry_id"] == entry_id
            and entity["entity_id"].startswith(f"{domain}.")
        ]

    async def state(self, entity_id: str) -> str:
        """Return an entity's state."""
        state: str = (await self.get(f"/api/states/{entity_id}"))["state"]
        return state

    async def call(self, action: str, **data: str) -> None:
        """Perform an action such as `light.turn_off`."""
        await self.post(f"/api/services/{action.replace('.', '/')}", **data)

    async def ask(self, action: str, **data: Json) -> Json:
        """Perform an action that answers; return its answer."""
        path = f"/api/services/{action.replace('.', '/')}?return_response"
        return (await self.post(path, **data))["service_response"]

    async def create_automation(self, **configuration: Json) -> None:
        """Save an automation as its editor does."""
        await self.post("/api/config/automation/config/test", **configuration)

    async def create_pipeline(self, stt_entity: str) -> str:
        """Make an Assist pipeline that hears with `stt_entity`, prefer it, and return its ID."""
        pipeline = await self.command(
            "assist_pipeline/pipeline/create",
            name="Azure",
            language="en",
            conversation_engine="conversation.home_assistant",
            conversation_language="en",
            stt_engine=stt_entity,
            stt_language=_LANGUAGE,
            tts_engine="chime",
            tts_language="en",
            tts_voice=None,
            wake_word_entity=None,
            wake_word_id=None,
        )
        pipeline_id: str = pipeline["id"]
        await self.command("assist_pipeline/pipeline/set_preferred", pipeline_id=pipeline_id)
        return pipeline_id

    async def speak(self, sound: bytes, pipeline_id: str, *, button: bool = False) -> PipelineRun:
        """Say something to Assist and let it act, as a satellite does.

        `sound` (16 kHz, 16-bit, mono PCM) is sent at the speed of speech, followed by
        silence until the pipeline has heard enough. With a `button` it is held for as long
        as the sound lasts, and Assist's own detector, which knows voices only, is off.
        """
        async with asyncio.timeout(_RUN_LIMIT), self._websocket() as websocket:
            await _ask(
                websocket,
                "assist_pipeline/run",
                {
                    "start_stage": "stt",
                    "end_stage": "intent",
                    "input": {"sample_rate": SAMPLE_RATE, "no_vad": button},
                    "pipeline": pipeline_id,
                },
            )
            first = await _receive(websocket)
            handler = first.data["runner_data"]["stt_binary_handler_id"]
            started = monotonic()
            frames = ceil(len(sound) / _FRAME_BYTES) if button else None
            sending = _send(websocket, handler, sound, started, frames)
            async with _background(sending) as microphone:
                events = [first, *[event async for event in _listen(websocket, microphone)]]
        return PipelineRun(started=started, events=tuple(events))

    async def transcribe(self, wav: bytes, entity_id: str) -> Json:
        """Return the response of `POST /api/stt` to a WAV file of 16 kHz, 16-bit, mono PCM."""
        content = (
            "format=wav; codec=pcm; sample_rate=16000; bit_rate=16; channel=1; "
            f"language={_LANGUAGE}"
        )
        return await self._request(
            "POST", f"/api/stt/{entity_id}", data=wav, headers={"X-Speech-Content": content}
        )

    async def _request(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        **content: Json,
    ) -> Json:
        authorization = {"Authorization": f"Bearer {self._token}"}
        async with self._session.request(
            method, path, headers=authorization | (headers or {}), **content
        ) as response:
            if not response.ok:
                reason = f"{method} {path}: {response.status} {await response.text()}"
                raise CommandError(reason)
            return await response.json()

    @asynccontextmanager
    async def _websocket(self) -> AsyncIterator[ClientWebSocketResponse]:
        async with self._session.ws_connect("/api/websocket", max_msg_size=0) as websocket:
            await _read(websocket)  # auth_required
            await websocket.send_json({"type": "auth", "access_token": self._token})
            answer = await _read(websocket)
            if answer["type"] != "auth_ok":
                raise CommandError(answer["message"])
            yield websocket


async def _ask(websocket: ClientWebSocketResponse, kind: str, fields: dict[str, Any]) -> Json:
    """Send the only command of a websocket and return its result."""
    await websocket.send_json({"id": 1, "type": kind, **fields})
    answer = await _read(websocket)
    if not answer["success"]:
        reason = f"{kind}: {answer['error']['message']}"
        raise CommandError(reason)
    return answer["result"]


async def _read(websocket: ClientWebSocketResponse) -> Json:
    message = await websocket.receive()
    if message.type is not WSMsgType.TEXT:
        reason = "Home Assistant hung up"
        raise CommandError(reason)
    return message.json()


async def _receive(websocket: ClientWebSocketResponse) -> PipelineEvent:
    event = (await _read(websocket))["event"]
    return PipelineEvent(type=event["type"], data=event["data"] or {}, at=monotonic())


async def _listen(
    websocket: ClientWebSocketResponse, microphone: asyncio.Task[None]
) -> AsyncIterator[PipelineEvent]:
    """Yield a run's events; switch the microphone off when nobody listens any more."""
    while True:
        event = await _receive(websocket)
        yield event
        if event.type in ("stt-end", "error"):
            microphone.cancel()
        if event.type == "run-end":
            return


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _send(
    websocket: ClientWebSocketResponse,
    handler: int,
    sound: bytes,
    started: float,
    frames: int | None,
) -> None:
    """Send each frame when its last sample has been spoken, and silence after the sound.

    After `frames`, if there is such a number, send the stream's end.
    """
    prefix = bytes([handler])
    for number in count() if frames is None else range(frames):
        await asyncio.sleep(started + (number + 1) * _FRAME_SECONDS - monotonic())
        frame = sound[number * _FRAME_BYTES : (number + 1) * _FRAME_BYTES]
        await websocket.send_bytes(prefix + frame.ljust(_FRAME_BYTES, b"\0"))
    await websocket.send_bytes(prefix)
