"""The network by blocking sockets: no thread, no event loop."""

from __future__ import annotations

import socket
import ssl
import time

from .transport import READ_SIZE


class SocketTransport:
    """One TCP connection over a blocking socket. See `transport.Transport`."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    async def start_tls(self, host: str, deadline: float) -> None:
        """Speak TLS from now on, by the system's trusted certificates."""
        _arm(self._socket, deadline)
        context = ssl.create_default_context()
        self._socket = context.wrap_socket(self._socket, server_hostname=host)

    async def send(self, data: bytes, deadline: float) -> None:
        """Hand all of the bytes to the kernel."""
        _arm(self._socket, deadline)
        try:
            self._socket.sendall(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            raise TimeoutError("the server takes no bytes") from None

    async def receive(self, deadline: float) -> bytes:
        """Return the next bytes; none at the end of the stream."""
        _arm(self._socket, deadline)
        try:
            return self._socket.recv(READ_SIZE)
        except (BlockingIOError, ssl.SSLWantReadError):
            raise TimeoutError("nothing has arrived") from None

    async def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class SocketNetwork:
    """Makes blocking connections. See `transport.Network`."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Block for a while."""
        time.sleep(seconds)  # noqa: ASYNC251  # this skin blocks, by design

    async def connect(self, host: str, port: int, deadline: float) -> SocketTransport:
        """Connect to the first of the host's addresses that answers, within one deadline.

        Resolving a name is bounded by the system's resolver only.
        """
        problem: OSError = OSError(f"{host} has no address")
        for family, kind, number, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, number)
            try:
                _arm(sock, max(deadline, time.monotonic() + 0.001))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                sock.close()
                problem = error
            except BaseException:
                sock.close()
                raise
            else:
                return SocketTransport(sock)
        raise problem


def _arm(sock: socket.socket, deadline: float) -> None:
    sock.settimeout(max(0.0, deadline - time.monotonic()))
