"""Both ends of a connection that is never silent: `talk.py answer|ask ADDRESS PORT`.

The asking end sends a byte a millisecond and, when it reads a line, waits for the last answer and
prints the longest time between two answers in milliseconds.
"""

import select
import socket
import sys
import time

PAUSE = 0.001
PATIENCE = 90.0  # seconds to wait for a connection that has fallen silent


def answer(place: tuple[str, int]) -> None:
    """Send back what comes."""
    with socket.create_server(place) as server:
        print("ready", flush=True)
        connection, _ = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while heard := connection.recv(4096):
            connection.sendall(heard)


def ask(place: tuple[str, int]) -> None:
    """Speak until told to end."""
    connection = socket.create_connection(place, timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    sent = heard = 0
    longest = 0.0
    last = time.monotonic()
    ending = 0.0
    print("ready", flush=True)
    while not ending or (heard < sent and time.monotonic() < ending):
        if not ending and sent - heard < 100_000:
            sent += _say(connection)
        readable, _, _ = select.select([connection, sys.stdin], [], [], PAUSE)
        if connection in readable:
            heard += len(connection.recv(65536))
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        if sys.stdin in readable and not ending:
            sys.stdin.readline()
            ending = time.monotonic() + PATIENCE
        elif connection in readable:
            time.sleep(PAUSE)
    if heard < sent:
        longest = max(longest, time.monotonic() - last)
    print(longest * 1000, flush=True)


def _say(connection: socket.socket) -> int:
    try:
        return connection.send(b".")
    except BlockingIOError:
        return 0


if __name__ == "__main__":
    part, address, port = sys.argv[1:]
    {"answer": answer, "ask": ask}[part]((address, int(port)))
