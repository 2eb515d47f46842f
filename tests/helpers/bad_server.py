"""A server on 127.0.0.1 with bad habits."""
import contextlib
import hashlib
import http.server
import re
import threading
import time

DATA = bytes(bytearray(i * 7 % 251 for i in range(200000)))
MD5 = hashlib.md5(DATA).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves DATA, or other data; each attribute is one bad habit."""

    daemon_threads = True

    def __init__(self, data=DATA):
        super().__init__(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server_address[1]}/file.bin'
        self.data = data
        self.ranges = True  # answers Range requests
        self.wrong_start = False  # answers them from byte 0 on
        self.cuts = []  # bytes sent before the connection is cut, one a request
        self.statuses = []  # error answers, one a request
        self.stall = 0  # seconds of silence after half of the bytes, first request only
        self.lengthless = False
        self.lie = 0  # added to the lengths that it tells
        self.asked = []  # Range header of every request

    def handle_error(self, *_):
        pass  # the client hanging up is what some tests are about


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, asked = self.server, self.headers.get('Range')
        server.asked.append(asked)
        total = len(server.data)
        if server.statuses:
            return self.send_error(server.statuses.pop(0))
        start = int(re.match(r'bytes=(\d+)-$', asked).group(1)) if asked and server.ranges else 0
        if start >= total:
            self.send_response(416)
            self.send_header('Content-Range', f'bytes */{total}')
            return self.end_headers()
        self.send_response(206 if asked and server.ranges else 200)
        start = 0 if server.wrong_start else start
        if asked and server.ranges:
            self.send_header('Content-Range', f'bytes {start}-{total - 1}/{total + server.lie}')
        if not server.lengthless:
            self.send_header('Content-Length', str(total - start + server.lie))
        self.end_headers()
        body = server.data[start:]
        if server.cuts:
            body = body[:server.cuts.pop(0)]
        self.wfile.write(body[:len(body) // 2])
        self.wfile.flush()
        stall, server.stall = server.stall, 0
        time.sleep(stall)
        self.wfile.write(body[len(body) // 2:])


@contextlib.contextmanager
def running(server):
    """Yields the server while it answers."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
