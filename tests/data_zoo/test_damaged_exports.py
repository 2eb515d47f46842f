"""Damaged exports are refused by a UserError, or converted; nothing else is raised and nothing half-made is left."""
import importlib
import json
import os
import random

import pytest
from export_files import convert
from tool_exports import TOOLS

from fcn8s.data.recognize import recognize
from fcn8s.utils.errors import UserError

JUNK = [None, True, -1, 1e308, float('nan'), 10**30, '', 'x', '\ud800', [], {}, [[]], [None], {'a': 1}, '../a.jpg', '5']
PARTS = [b'', b'-', b'99999999999', b'nan', b'"', b'<a>', b',', b'\xff', b'\n']
MUTANTS = 12


def places(value, path=()):
    """The paths of all values within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield path + (key,)
        yield from places(part, path + (key,))


def with_junk(value, seeded):
    """The JSON value with one of its parts missing or replaced."""
    *path, key = seeded.choice(list(places(value)))
    for step in path:
        value = value[step]
    if isinstance(value, dict) and seeded.random() < .3:
        del value[key]
    else:
        value[key] = seeded.choice(JUNK)


def damaged(data, ending, seeded):
    """The bytes of a file with some of them changed, or of a JSON file with other values."""
    if ending == '.json' and seeded.random() < .8:
        content = json.loads(data.decode('utf-8'))
        with_junk(content, seeded)
        return json.dumps(content).encode()
    at = seeded.randrange(len(data))
    return data[:at] + seeded.choice(PARTS) + data[at + 3:]


FORMATS = [write for write in TOOLS if TOOLS[write] != 'Folder']


@pytest.mark.parametrize('write', FORMATS, ids=lambda write: write.__name__)
def test_damage_is_a_user_error(tmp_path, write):
    export, seeded = tmp_path / 'export', random.Random(0)
    write(export)
    tool = importlib.import_module(f'Data_zoo.{TOOLS[write]}.prepare')
    files = sorted(path for path in export.rglob('*') if path.suffix in ('.json', '.xml', '.txt'))
    for i in range(MUTANTS):
        path = seeded.choice(files)
        whole = path.read_bytes()
        path.write_bytes(damaged(whole, path.suffix, seeded))
        recognize(str(export))
        try:
            convert(tool, export, tmp_path / f'data{i}')
        except UserError:
            assert not os.path.exists(str(tmp_path / f'data{i}'))
        path.write_bytes(whole)
