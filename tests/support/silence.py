"""An independent witness of an outage, a program of its own: one datagram a millisecond.

`silence.py echo ADDRESS` answers them; `silence.py watch ADDRESS OUT` sends them until its standard
input ends, then writes the longest time between two answers, in milliseconds, to OUT.
"""

import contextlib
import select
import socket
import sys
import time
from pathlib import Path

PORT = 7007
EVERY = 0.001


def echo(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, PORT))
        print("ready", flush=True)
        while True:
            data, sender = server.recvfrom(64)
            server.sendto(data, sender)


def watch(address: str, out: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        longest, last, due = 0.0, 0.0, time.monotonic()
        while True:
            wait = max(0.0, due - time.monotonic())
            readable, _, _ = select.select([client, sys.stdin], [], [], wait)
            if sys.stdin in readable and not sys.stdin.read(1):
                break
            if client in readable:
                with contextlib.suppress(BlockingIOError):
                    while client.recv(64):
                        now = time.monotonic()
                        longest = max(longest, now - last) if last else longest
                        if not last:
                            print("ready", flush=True)
                        last = now
            if time.monotonic() >= due:
                due = max(due + EVERY, time.monotonic())
                with contextlib.suppress(OSError):
                    client.sendto(b"?", (address, PORT))
    out.write_text(f"{longest * 1000:.1f}")


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        echo(sys.argv[2])
    else:
        watch(sys.argv[2], Path(sys.argv[3]))
