"""Downloads ADE20K's scene parsing benchmark (SceneParse150) in the layout of this project.

    python Data_zoo/MIT_SceneParsing/prepare.py

Needs about 2 GB of disk. A second run only checks what is there.
"""
import argparse
import os
import shutil
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))  # the project, from any working folder
    from fcn8s.utils.script import start
    start()

from fcn8s.utils.archive import unzip
from fcn8s.utils.cli import path_argument
from fcn8s.utils.download import fetch
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file
from fcn8s.utils.script import run

URL = 'http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip'
MD5 = '7328b3957e407ddae1d3cbf487f149ef'
COUNTS = {'training': 20210, 'validation': 2000}
NAME = 'ADEChallengeData2016'
DATA_DIR = os.path.join(HERE, NAME)
FULL = ('%s is the full ADE20K (photos and *_seg.png side by side, thousands of object names), not the scene parsing '
        'benchmark with its 150 classes. Get the benchmark from ' + URL + ' (MD5 ' + MD5 + ').')


def prepare(data_dir=DATA_DIR, url=URL, md5=MD5, counts=None):
    """Downloads, extracts and checks the benchmark; returns data_dir.

    An ADEChallengeData2016.zip beside data_dir is used instead of a download, and an extracted data_dir is only
    checked. counts: {split: pairs}, by default the benchmark's own. Raises UserError for the full ADE20K, for missing
    or unpaired files, and as fcn8s.utils.download and fcn8s.utils.archive do.
    """
    data_dir = os.path.abspath(data_dir)
    if not os.path.isdir(data_dir) or not os.listdir(data_dir):
        archive = os.path.join(os.path.dirname(data_dir), NAME + '.zip')
        _note_full_beside(archive)
        _refuse_full_archive(archive)
        fetch(url, archive, md5)
        unzip(archive, data_dir, root=NAME)
        print(f'{archive} is no longer needed')
    check(data_dir, counts or COUNTS)
    classes = os.path.join(data_dir, 'classes.csv')
    if not os.path.exists(classes):
        with atomic_file(classes) as temporary:
            shutil.copyfile(os.path.join(HERE, 'classes.csv'), temporary)
    return data_dir


def check(data_dir, counts):
    """Raises UserError unless every split of data_dir holds its count of images, each with its annotation."""
    if _is_full(os.path.join(where, name) for where, _, names in os.walk(data_dir) for name in names):
        raise UserError(FULL % data_dir)
    for split, expected in sorted(counts.items()):
        images = _stems(os.path.join(data_dir, 'images', split), '.jpg')
        annotations = _stems(os.path.join(data_dir, 'annotations', split), '.png')
        print(f'{split}: {len(images)} images, {len(annotations)} annotations')
        alone = sorted(images ^ annotations)
        if alone:
            raise UserError(f'{data_dir}: {len(alone)} {split} images or annotations have no partner, such as '
                            f'{", ".join(alone[:3])}. {_again(data_dir)}')
        if len(images) != expected:
            raise UserError(f'{data_dir} holds {len(images)} {split} pairs (images/{split}/*.jpg with '
                            f'annotations/{split}/*.png), expected {expected}. {_again(data_dir)}')


def _again(data_dir):
    return f'The extraction may be incomplete: move {data_dir} away and run again.'


def _stems(folder, extension):
    """Names without extension, except hidden ones, which file managers leave."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {os.path.splitext(name)[0] for name in names
            if name.lower().endswith(extension) and not name.startswith('.')}


def _is_full(paths):
    return any(path.endswith('_seg.png') or 'ADE20K_2016_07_26' in path or 'ADE20K_2021_17_01' in path
               for path in paths)


def _refuse_full_archive(archive):
    """Raises UserError for the full ADE20K, which some mirrors serve as the benchmark; a wrong MD5 would not say so."""
    try:
        with zipfile.ZipFile(archive) as file:
            names = file.namelist()
    except (OSError, zipfile.BadZipFile):
        return  # absent, or damaged, which the MD5 shows
    if _is_full(names):
        raise UserError(FULL % archive)


def _note_full_beside(archive):
    """Prints a note for each full ADE20K beside the archive."""
    folder = os.path.dirname(archive)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.startswith('ADE20K_'):
            print('note: ' + FULL % os.path.join(folder, name) + ' It is not used.')


def main(argv=None):
    parser = argparse.ArgumentParser(description='Download, extract and check the ADE20K scene parsing benchmark.')
    parser.add_argument('--data_dir', type=path_argument, default=DATA_DIR,
                        help='the new folder; the zip is saved beside it (default: %(default)s)')
    print('ready: ' + prepare(parser.parse_args(argv).data_dir))


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
