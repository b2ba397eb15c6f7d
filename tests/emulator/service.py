"""The emulator: a local server that accepts and refuses requests as Azure does."""

from dataclasses import dataclass, field
import ssl
import time
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

from aiohttp import web

from .answer import Answer, RefusedError, json_answer, refuse_path
from .authentication import Authentication, Credential
from .endpoints import Endpoint, Host, find_endpoint, find_host
from .exchange import Exchange
from .faults import Fault, fault_from_json, take_fault
from .gateway import pass_gateway
from .recognition import Recognizer
from .records import RecordedRequest
from .settings import Settings
from .transcription import Transcriber

_CONTROL = "/emulator/"


@dataclass(kw_only=True)
class Emulator(Settings):
    """Azure's speech to text on this machine; an async context manager.

    The `Host` header decides which of Azure's hosts it is; reached by its own address it is a
    custom domain, so `url` is what a client takes for the endpoint.
    """

    port: int = 0
    """The port on 127.0.0.1; 0: a free one, which then stays the same from start to start."""
    ssl_context: ssl.SSLContext | None = None
    """For https, with a certificate of the test's own."""
    faults: list[Fault] = field(default_factory=list)
    """The faults to come. Each request takes the first one for its endpoint."""
    requests: list[RecordedRequest] = field(default_factory=list)
    """Every request from the oldest to the newest, also those that are still going on."""

    def __post_init__(self) -> None:
        """Set up the parts that don't depend on the address."""
        self._authentication = Authentication(self)
        self._recognizer = Recognizer(self, self._authentication)
        self._transcriber = Transcriber(self, self._authentication)
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"{'https' if self.ssl_context else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen. Raises `OSError` if the port is taken."""
        # A client that goes away ends its request; one that still uploads gets its answer first.
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(
            self._runner, "127.0.0.1", self.port, ssl_context=self.ssl_context
        ).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every connection; `start` opens the same port again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    def expire_tokens(self) -> None:
        """Make every token that was issued up to now a bad one."""
        self._authentication.expire_tokens()

    def requests_for(self, kind: Endpoint) -> list[RecordedRequest]:
        """Give the requests for one endpoint, from the oldest to the newest."""
        return [request for request in self.requests if request.kind is kind]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(_CONTROL):
            return await self._handle_control(request)
        host = find_host(request.host)
        kind = find_endpoint(host, request.method, request.path)
        record = self._record(request, kind)
        exchange = Exchange(request, record, take_fault(self.faults, kind))
        try:
            answer = await self._answer(host, exchange)
        except RefusedError as refused:
            answer = refused.answer
        return await exchange.send(answer)

    async def _answer(self, host: Host | None, exchange: Exchange) -> Answer:
        await exchange.begin()
        request = exchange.request
        host = pass_gateway(self, host, exchange.record.kind)
        if exchange.record.kind is Endpoint.RECOGNITION:
            return await self._recognizer.answer(host, exchange)
        if exchange.record.kind is Endpoint.TRANSCRIPTION:
            return await self._transcriber.answer(host, exchange)
        if exchange.record.kind is Endpoint.TOKEN:
            answer = self._authentication.issue_token(host, request.headers)
            exchange.record.credential = Credential.KEY
        else:
            form = dict(parse_qsl(await request.text()))
            answer = self._authentication.issue_entra_token(host, request.path, form)
        await exchange.end_body()
        return answer

    def _record(self, request: web.BaseRequest, kind: Endpoint) -> RecordedRequest:
        record = RecordedRequest(
            kind=kind,
            method=request.method,
            host=request.host,
            path=request.path,
            query=request.query,
            headers=request.headers,
            connection=request.get_extra_info("peername")[1],
            started=time.monotonic(),
            chunked=request.headers.get("Transfer-Encoding", "").lower() == "chunked",
            expects_continue=request.headers.get("Expect", "").lower() == "100-continue",
        )
        self.requests.append(record)
        return record

    async def _handle_control(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            answer = json_answer(await self._control(request))
        except RefusedError as refused:
            answer = refused.answer
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async def _control(self, request: web.BaseRequest) -> object:
        """Serve tests that run in another process: script faults, read the records."""
        content: object
        match request.method, request.path.removeprefix(_CONTROL):
            case "POST", "faults":
                self.faults.append(fault_from_json(await request.text()))
                content = {"faults": len(self.faults)}
            case "DELETE", "faults":
                self.faults.clear()
                content = {"faults": 0}
            case "GET", "requests":
                content = [record.as_json() for record in self.requests]
            case _:
                refuse_path()
        return content
