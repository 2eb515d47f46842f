"""One request for a file, or for the rest of one."""
import http.client
import os
import re
import urllib.error
import urllib.request

CHUNK = 1 << 16
WORTH_ANOTHER_TRY = (408, 429)  # the only 4xx answers worth another request


class Failed(Exception):
    """Another request would not help."""


class Interrupted(Exception):
    """The next request may resume from here."""


def open_rest(url, part, done, timeout):
    """The server's answer to a request for the bytes from `done` on, or None when the file `part` is whole already.

    Raises Failed or Interrupted.
    """
    headers = {'User-Agent': 'fcn-download'}
    if done:
        headers['Range'] = f'bytes={done}-'
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        answer = f'the server answered {error.code} {error.reason}'
        with error:
            if error.code == 416 and content_range(error)[1] == done:
                return None
            if error.code == 416:
                os.truncate(part, 0)
            elif error.code < 500 and error.code not in WORTH_ANOTHER_TRY:
                raise Failed(answer)
            raise Interrupted(answer)
    except (OSError, http.client.HTTPException) as error:
        raise Interrupted(f'no connection ({getattr(error, "reason", None) or error})')


def content_range(response):
    """(first byte, total bytes) of a Content-Range header; None for each that is missing."""
    found = re.match(r'bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)$', response.headers.get('Content-Range', ''))
    return tuple(number and int(number) for number in found.groups()) if found else (None, None)


def chunks(response):
    """Yields the bytes of an answer in pieces. Raises Interrupted."""
    try:
        yield from iter(lambda: response.read(CHUNK), b'')
    except (OSError, http.client.HTTPException) as error:
        raise Interrupted(f'the connection broke ({error})')
