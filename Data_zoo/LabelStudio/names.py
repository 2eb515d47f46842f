"""The photo of a task of Label Studio."""
import os
import re
from urllib.parse import parse_qs, unquote, urlsplit

from fcn8s.data.photos import PHOTO_EXTENSIONS

UPLOADED = re.compile(r'[0-9a-f]{8}-')  # in front of the name of an uploaded file


def photo_name(task, photos):
    """The name of a task's photo, as it is among the Photos if it is there at all. Raises ValueError for none."""
    data = task.get('data', task)
    values = [data.get('image'), *data.values(), task.get('file_upload')]
    names = [_path(value) for value in values if isinstance(value, str)]
    names = [name for name in names if name.lower().endswith(PHOTO_EXTENSIONS)]
    if not names:
        raise ValueError(f'task {task.get("id")} names no photo ({" ".join(PHOTO_EXTENSIONS)})')
    folder, name = os.path.split(names[0].replace('\\', '/'))
    plain = os.path.join(folder, UPLOADED.sub('', name, 1)) if UPLOADED.match(name) else names[0]
    return next((name for name in (names[0], plain) if photos.holds(name)), plain)


def _path(url):
    """/data/local-files/?d=a/b.jpg -> a/b.jpg; https://host/a%20b.jpg?x=1 -> a b.jpg; a path as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    inner = parse_qs(parts.query).get('d')
    if inner:
        return inner[0]
    return unquote(parts.path) if parts.scheme in ('http', 'https', 's3', 'gs') or url.startswith('/data/') else url
