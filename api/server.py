"""The HTTP server: uvicorn on h11, which alone lets us answer the request lines that tracker clients send."""

import signal
import socket
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI
from sse_starlette.sse import AppStatus

from api.services import Services
from ops.settings import Settings

STOP_WITHIN_S = 10


class ApiServer(uvicorn.Server):
    """Ends the streams when it is told to stop: they would hold it up for ever."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._services.hub.end_streams()
        await super().shutdown(sockets)


def make_server(app: FastAPI, settings: Settings) -> ApiServer:
    AppStatus.enable_automatic_graceful_drain = False  # it cuts streams before they are told why; ApiServer ends them
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        http="h11",
        ws="none",
        access_log=False,  # a request line holds what the audit keeps, without its protection
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    return ApiServer(config, app.state.services)


def run(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished, and the program then exits 0."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _leave)  # uvicorn raises the signal once more when it has stopped
    make_server(app, settings).run()


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
