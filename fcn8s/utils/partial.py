"""Names for incomplete files and folders, and the removal of those left by killed processes."""
import contextlib
import hashlib
import os
import re
import shutil
import socket
import time
import uuid

PREFIX = '.partial-'  # of files
_OURS = re.compile(re.escape(PREFIX) + r'([0-9a-f]{32})(\..*)?$')
_OLD = 24 * 3600  # seconds since the last change, after which nobody is still writing


def new_tag():
    """32 unique hexadecimal digits that encode the machine and process that made them."""
    return f'{_machine()}{os.getpid():08x}{uuid.uuid4().hex[:16]}'


def remove_abandoned_files(folder):
    """Removes partial files in a folder whose process is dead, or that are a day old; returns their names.

    Others stay: a process here or on another machine may still be writing them.
    """
    removed = []
    with os.scandir(folder) if os.path.isdir(folder) else contextlib.nullcontext(()) as entries:
        names = [entry.name for entry in entries if _OURS.match(entry.name)]
    for name in sorted(names):
        match, path = _OURS.match(name), os.path.join(folder, name)
        with contextlib.suppress(OSError):
            if os.path.isfile(path) and (_is_dead(match.group(1)) or _age(path) > _OLD):
                os.remove(path)
                removed.append(name)
    return removed


def remove_abandoned_folders(prefix):
    """Removes the folders named `prefix`, a tag of ours and something, whose process is dead; returns their paths."""
    parent, start = os.path.split(prefix)
    ours, removed = re.compile(re.escape(start) + '([0-9a-f]{32})'), []
    for name in sorted(os.listdir(parent)) if os.path.isdir(parent) else ():
        match, path = ours.match(name), os.path.join(parent, name)
        if match and _is_dead(match.group(1)) and os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def _machine():
    """8 hexadecimal digits of this machine and, in a container, of its own set of process ids."""
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        name += os.readlink('/proc/self/ns/pid')
    return hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]


def _is_dead(tag):
    """Whether the process that made a tag is known to have ended."""
    if os.name != 'posix' or tag[:8] != _machine():  # on Windows os.kill would end the process
        return False
    try:
        os.kill(int(tag[8:16], 16), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # of another user, or no process id
        pass
    return False


def _age(path):
    return time.time() - os.stat(path).st_mtime
