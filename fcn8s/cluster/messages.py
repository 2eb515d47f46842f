"""Messages of JSON over a socket, each preceded by its length in four bytes."""
import json
import socket
import struct
import threading

LONGEST = 64 << 20  # bytes


class Lost(Exception):
    """The other side is gone, silent for too long, or does not speak this language; says which."""


class Channel:
    """One end of a connection. Any thread may send; one receives."""

    def __init__(self, connected, timeout):
        """connected: a socket; timeout: seconds of silence, or of a message not taken, after which it is Lost."""
        self.socket, self._sending = connected, threading.Lock()
        connected.settimeout(timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, **message):
        """Sends a message of JSON values. Raises Lost."""
        text = json.dumps(message).encode()
        try:
            with self._sending:
                self.socket.sendall(struct.pack('>I', len(text)) + text)
        except OSError as error:
            raise Lost(_reason(error))

    def receive(self):
        """The next message, a dict. Raises Lost."""
        length, = struct.unpack('>I', self._read(4))
        if length > LONGEST:
            raise Lost('sent something that is no message of a worker')
        try:
            message = json.loads(self._read(length).decode())
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise Lost('sent something that is no message of a worker')
        return message

    def close(self):
        """Closes the connection."""
        self.socket.close()

    def _read(self, count):
        data = b''
        while len(data) < count:
            try:
                piece = self.socket.recv(count - len(data))
            except OSError as error:
                raise Lost(_reason(error))
            if not piece:
                raise Lost('closed its connection')
            data += piece
        return data


def _reason(error):
    if isinstance(error, socket.timeout):
        return 'was silent for too long'
    return f'is gone ({error.strerror or error})'
