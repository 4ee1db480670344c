"""A raw HTTP client that can close its connection at any byte."""

import json
import socket
import struct

from sim_live import Live, ask


def open_chat(live: Live, **body: object) -> socket.socket:
    """A connection with a chat request on it."""
    content = json.dumps({"model": "gpt-4o", "messages": ask(), "stream": True} | body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", live.port), timeout=10)
    connection.sendall(head.encode() + content)
    return connection


def read_until(connection: socket.socket, mark: bytes, count: int = 1) -> bytes:
    received = b""
    while received.count(mark) < count:
        piece = connection.recv(65536)
        if not piece:
            break
        received += piece
    return received


def hang_up(connection: socket.socket, *, reset: bool) -> None:
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
