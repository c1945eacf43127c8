"""Running the application: uvicorn in this process, or in several beside each other."""

import socket

import uvicorn
from uvicorn.supervisors import Multiprocess

from resume_pipeline.errors import ConfigurationError
from resume_pipeline.settings import Settings

FACTORY = "resume_pipeline.api.app:from_environment"
UNREAD_MILLISECONDS = 30_000
MAX_CONNECTIONS = 1000


def run_server(settings: Settings) -> None:
    """Serve until the process is told to end.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        log_level="warning",
    )
    listener = listening_socket(settings.host, settings.port)
    if settings.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes any that is free.

    Raises:
        ConfigurationError: it cannot be bound.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Who does not read what was sent to it for so long is cut off by the kernel; accepted connections inherit
            # this (tcp(7)). Otherwise what is buffered for it would stay for ever.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)
        listener.bind(address)
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}. Choose another with --host, --port, "
            "RESUME_HOST or RESUME_PORT."
        ) from error
    listener.set_inheritable(True)
    return listener
