"""Manifests: JSON lines about each photo and film of a shard, and their summary.

    {"photo": "a/street.jpg", "seconds": 0.41, "classes": {"road": 0.38, "sky": 0.21}}
    {"photo": "a/broken.jpg", "error": "a/broken.jpg: the image is damaged"}

`seconds` is the time of prediction alone, `classes` the share of pixels of each class that occurs, largest first.
"""
import collections
import glob
import json
import os

import numpy as np

from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file, write_json

SUMMARY = 'summary.json'
FAILED = 'failed.txt'
SHOWN = 10  # classes and failures


class Manifest:
    """The manifest of one shard, to which lines are added.

    Each line is written at once, behind a line feed if a killed process left half a line, so that processes with the
    same shard number do no harm to each other's lines.
    """

    def __init__(self, output_dir, shard, classes):
        """Opens manifest-INDEX-of-COUNT.jsonl in output_dir; classes: list of ClassInfo. Raises UserError."""
        self._path = os.path.join(output_dir, f'manifest-{shard.index + 1}-of-{shard.count}.jsonl')
        names = [c.name for c in classes]
        self._names = [name if names.count(name) == 1 else f'{name} ({c.index})' for c, name in zip(classes, names)]
        try:
            self._file = open(self._path, 'ab+', buffering=0)  # noqa: SIM115 - close() closes it
            self._write(b'' if self._ends_a_line() else b'\n')
        except OSError as error:
            raise UserError(f'{self._path} cannot be written: {error.strerror}.') from error

    def done(self, kind, path, ids, seconds):
        """Adds a photo or film (`kind`) that was segmented; ids: array of its class ids, or a fair sample of them."""
        counts = np.bincount(np.ravel(ids), minlength=len(self._names))
        order = [i for i in np.argsort(-counts, kind='stable') if counts[i]]
        shares = collections.OrderedDict((self._name(i), round(counts[i] / counts.sum(), 6)) for i in order)
        self._add(collections.OrderedDict([(kind, path), ('seconds', round(seconds, 4)), ('classes', shares)]))

    def failed(self, kind, path, error):
        """Adds a photo or film that failed."""
        self._add(collections.OrderedDict([(kind, path), ('error', error)]))

    def close(self):
        """Closes the file."""
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _ends_a_line(self):
        size = self._file.seek(0, os.SEEK_END)
        if not size:
            return True
        self._file.seek(size - 1)
        return self._file.read(1) == b'\n'

    def _name(self, index):
        return self._names[index] if index < len(self._names) else str(index)

    def _add(self, entry):
        # a file name that is not UTF-8 holds lone surrogates, which ASCII's escapes keep
        self._write((json.dumps(entry) + '\n').encode('ascii'))

    def _write(self, line):
        try:
            if line and self._file.write(line) != len(line):
                raise UserError(f'{self._path} cannot be written: the disk is full.')
        except OSError as error:
            raise UserError(f'{self._path} cannot be written: {error.strerror}.') from error


def summarize(output_dir):
    """Merges the manifests in a folder: prints counts, failures and mean class shares; returns the number of failures.

    Of several lines about an input the last of the newest manifest counts. Writes summary.json and, if any input
    failed, failed.txt, whose paths --list takes. Raises UserError if there is no manifest.
    """
    manifests = glob.glob(os.path.join(glob.escape(output_dir), 'manifest-*-of-*.jsonl'))
    if not manifests:
        raise UserError(f'{output_dir} holds no manifest-...-of-....jsonl: FCN_infer.py writes them with --manifest.')
    seen, photos, films, seconds, unreadable = set(), 0, 0, 0., 0
    shares, failures = collections.Counter(), collections.OrderedDict()
    for manifest in sorted(manifests, key=os.path.getmtime, reverse=True):
        for entry in reversed(_entries(manifest)):
            if entry is None:
                unreadable += 1
                continue
            path = entry.get('photo', entry.get('film'))
            if hash(path) in seen:
                continue
            seen.add(hash(path))
            if 'error' in entry:
                failures[path] = entry['error']
                continue
            photos, films = photos + ('photo' in entry), films + ('film' in entry)
            seconds += entry['seconds']
            shares.update(entry['classes'])
    done = max(1, photos + films)
    classes = collections.OrderedDict((name, round(share / done, 6)) for name, share in shares.most_common())
    print(f'{photos:,} photos and {films:,} films in {len(manifests)} manifests, {seconds:,.0f} s of prediction; '
          f'{len(failures):,} failed' + (f', {unreadable} unfinished lines left out' if unreadable else ''))
    for name, share in list(classes.items())[:SHOWN]:
        print(f'  {100 * share:5.1f} %  {name}')
    for error in list(failures.values())[:SHOWN]:
        print(f'failed: {error}')
    _write_failed(os.path.join(output_dir, FAILED), failures)
    write_json(os.path.join(output_dir, SUMMARY), collections.OrderedDict([
        ('manifests', len(manifests)), ('photos', photos), ('films', films), ('failed', failures),
        ('seconds', round(seconds, 3)), ('classes', classes)]))
    return len(failures)


def _entries(manifest):
    """The entries of a manifest in order; None for a line that a killed process left unfinished."""
    entries = []
    with open(manifest, 'rb') as file:
        for line in filter(bytes.strip, file):
            try:
                entry = json.loads(line.decode('utf-8'))
                entries.append(entry if 'photo' in entry or 'film' in entry else None)
            except ValueError:
                entries.append(None)
    return entries


def _write_failed(path, failures):
    """Writes the paths of failures to a list file, or removes an old one if there is none."""
    if failures:
        with atomic_file(path) as part, open(part, 'wb') as file:
            file.write(b''.join(os.fsencode(failed) + b'\n' for failed in failures))
        print(f'{path} lists what failed; FCN_infer.py --list={path} tries it again')
    elif os.path.exists(path):
        os.remove(path)
