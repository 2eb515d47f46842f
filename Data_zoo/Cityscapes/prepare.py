"""Converts Cityscapes' fine annotations to the layout of this project.

    python Data_zoo/Cityscapes/prepare.py --source=DIR     DIR holds leftImg8bit/ and gtFine/, extracted

Needs about 100 MB of disk besides the source; images are linked. A second run only checks what is there.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))  # the project, from any working folder
    from fcn8s.utils.script import start
    start()

from Data_zoo.conversion import check_counts, files_by_stem, find_root, is_prepared, pair_files, parser, write_layout
from fcn8s.data.annotations import read_annotation
from fcn8s.data.labels import map_ids
from fcn8s.utils.script import run

DATA_DIR, SOURCE = os.path.join(HERE, 'data'), os.path.join(HERE, 'source')
CLASSES = os.path.join(HERE, 'classes.csv')
COUNTS = {'training': 2975, 'validation': 500}
SPLITS = {'training': 'train', 'validation': 'val'}  # the annotations in test/ are empty
FORM = [os.path.join(kind, split) for kind in ('leftImg8bit', 'gtFine') for split in SPLITS.values()]
ADVICE = ('Cityscapes is for registered users: get leftImg8bit_trainvaltest.zip (11 GB) and gtFine_trainvaltest.zip '
          '(241 MB) from https://www.cityscapes-dataset.com/downloads/, extract both into one folder and give it as '
          '--source, or move it to ' + SOURCE + '.')

# labelIds and train ids: cityscapesScripts, helpers/labels.py. Our id is the train id + 1.
LAST_LABEL_ID = 33
LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
TABLE = dict.fromkeys(range(LAST_LABEL_ID + 1), 0)
TABLE.update((label_id, train_id + 1) for train_id, label_id in enumerate(LABEL_IDS))


def prepare(data_dir=DATA_DIR, source=SOURCE, partial=False):
    """Links and converts the fine annotations of `source` to data_dir, unless that exists; returns data_dir.

    Raises UserError for a source that is missing, incomplete (unless partial) or damaged.
    """
    if not is_prepared(data_dir, COUNTS):
        root = find_root(source, [FORM], ADVICE)
        splits = {ours: _pairs(root, theirs, partial) for ours, theirs in SPLITS.items()}
        check_counts(splits, COUNTS, partial)
        write_layout(data_dir, splits, CLASSES, _read_ids)
    return data_dir


def _pairs(root, split, partial):
    return pair_files(_by_stem(os.path.join(root, 'leftImg8bit', split), '_leftImg8bit.png'),
                      _by_stem(os.path.join(root, 'gtFine', split), '_gtFine_labelIds.png'), partial)


def _by_stem(folder, suffix):
    """{stem: path} of the files of all cities; a stem begins with its city."""
    found = {}
    for city in sorted(os.listdir(folder)):
        if os.path.isdir(os.path.join(folder, city)):
            found.update(files_by_stem(os.path.join(folder, city), suffix))
    return found


def _read_ids(path):
    return map_ids(read_annotation(path), TABLE, path)


def main(argv=None):
    args = parser('Convert Cityscapes to the layout of this project.', DATA_DIR, SOURCE).parse_args(argv)
    print('ready: ' + prepare(args.data_dir, args.source, args.partial))


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
