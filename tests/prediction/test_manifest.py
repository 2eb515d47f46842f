"""Manifests of inference: a line per input, safe to append to, merged by --summary."""
import json
import os

import numpy as np
import pytest

from fcn8s.data.classes import ClassInfo
from fcn8s.prediction.manifest import Manifest, summarize
from fcn8s.prediction.shards import ALL, Shard
from fcn8s.utils.errors import UserError

CLASSES = [ClassInfo(i, name, (0, 0, 0)) for i, name in enumerate(['others', 'sky', 'road', 'road'])]


def entries(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_photo_gets_its_seconds_and_shares(tmp_path):
    with Manifest(str(tmp_path), Shard(1, 8, ''), CLASSES) as manifest:
        manifest.done('photo', 'a.jpg', np.array([[1, 1, 2], [1, 3, 3]], np.uint8), 0.25)
    entry, = entries(tmp_path / 'manifest-2-of-8.jsonl')
    assert entry == {'photo': 'a.jpg', 'seconds': 0.25,
                     'classes': {'sky': 0.5, 'road (3)': 0.333333, 'road (2)': 0.166667}}


def test_failure_gets_its_error(tmp_path):
    with Manifest(str(tmp_path), ALL, CLASSES) as manifest:
        manifest.failed('photo', 'b\udcff.jpg', 'b: damaged')
    assert entries(tmp_path / 'manifest-1-of-1.jsonl') == [{'photo': 'b\udcff.jpg', 'error': 'b: damaged'}]


def test_line_that_a_kill_cut_short_spoils_no_other(tmp_path):
    path = tmp_path / 'manifest-1-of-1.jsonl'
    path.write_text('{"photo": "a.jpg", "seco')
    with Manifest(str(tmp_path), ALL, CLASSES) as manifest:
        manifest.failed('photo', 'b.jpg', 'b: damaged')
    assert path.read_text().splitlines()[1:] == ['{"photo": "b.jpg", "error": "b: damaged"}']


def write(path, *lines, time):
    path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    os.utime(str(path), (time, time))


@pytest.fixture
def two_shards(tmp_path):
    """An older shard in which b.jpg failed, and a newer one in which it is done; c.jpg failed."""
    write(tmp_path / 'manifest-1-of-2.jsonl', {'photo': 'a.jpg', 'seconds': 1., 'classes': {'sky': 1.}},
          {'photo': 'b.jpg', 'error': 'b.jpg: damaged'}, time=100)
    write(tmp_path / 'manifest-2-of-2.jsonl', {'photo': 'c.jpg', 'seconds': 9., 'classes': {'sky': 1.}},
          {'photo': 'b.jpg', 'seconds': 2., 'classes': {'road': .75, 'sky': .25}},
          {'photo': 'c.jpg', 'error': 'c.jpg: gone'}, time=200)
    with open(str(tmp_path / 'manifest-2-of-2.jsonl'), 'a') as file:
        file.write('{"photo": "d.jp')
    os.utime(str(tmp_path / 'manifest-2-of-2.jsonl'), (200, 200))
    return tmp_path


def test_summary_counts_the_last_line_of_each_input(two_shards):
    assert summarize(str(two_shards)) == 1
    summary = json.loads((two_shards / 'summary.json').read_text())
    assert summary == {'manifests': 2, 'photos': 2, 'films': 0, 'failed': {'c.jpg': 'c.jpg: gone'}, 'seconds': 3.,
                       'classes': {'sky': 0.625, 'road': 0.375}}


def test_summary_lists_what_to_try_again(two_shards):
    summarize(str(two_shards))
    assert (two_shards / 'failed.txt').read_text() == 'c.jpg\n'


def test_summary_says_what_it_found(two_shards, capsys):
    summarize(str(two_shards))
    shown = capsys.readouterr().out
    assert shown.startswith('2 photos and 0 films in 2 manifests, 3 s of prediction; 1 failed, 1 unfinished lines')
    assert '62.5 %  sky' in shown and 'failed: c.jpg: gone' in shown


def test_summary_needs_a_manifest(tmp_path):
    with pytest.raises(UserError, match='holds no manifest'):
        summarize(str(tmp_path))
