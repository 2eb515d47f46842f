"""Converts KITTI's road benchmark to the layout of this project.

    python Data_zoo/KITTI_road/prepare.py --source=DIR     DIR holds the folder training/ of data_road.zip

Images are linked. A second run only checks what is there.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))  # the project, from any working folder
    from fcn8s.utils.script import start
    start()

from Data_zoo.conversion import check_counts, files_by_stem, find_root, is_prepared, pair_files, parser, write_layout
from fcn8s.data.labels import match_colours, refuse_unknown
from fcn8s.data.photos import read_photo
from fcn8s.utils.errors import UserError
from fcn8s.utils.script import run

DATA_DIR, SOURCE = os.path.join(HERE, 'data'), os.path.join(HERE, 'source')
CLASSES = os.path.join(HERE, 'classes.csv')
COUNTS = {'training': 232, 'validation': 57}
IMAGES, ANNOTATIONS = os.path.join('training', 'image_2'), os.path.join('training', 'gt_image_2')
COLOURS = [(0, 0, 0), (255, 0, 255), (255, 0, 0)]  # void, road, valid but not road
ADVICE = ('Ask for data_road.zip (0.5 GB) at http://www.cvlibs.net/datasets/kitti/eval_road.php, extract it and give '
          'its folder as --source, or move it to ' + SOURCE + '.')


def prepare(data_dir=DATA_DIR, source=SOURCE, partial=False):
    """Links and converts the road annotations of `source` to data_dir, unless that exists; returns data_dir.

    Raises UserError for a source that is missing, incomplete (unless partial) or damaged.
    """
    if not is_prepared(data_dir, COUNTS):
        root = find_root(source, [(IMAGES, ANNOTATIONS)], ADVICE)
        roads = files_by_stem(os.path.join(root, ANNOTATIONS), '.png')
        roads = {stem.replace('_road_', '_'): path for stem, path in roads.items() if '_road_' in stem}
        pairs = pair_files(files_by_stem(os.path.join(root, IMAGES), '.png'), roads, partial)
        splits = {split: [pair for pair in pairs if split_of(pair) == split] for split in COUNTS}
        check_counts(splits, COUNTS, partial)
        write_layout(data_dir, splits, CLASSES, _read_ids)
    return data_dir


def split_of(pair):
    """The split of a Pair. The benchmark has no validation split: ours is every fifth image of each category."""
    name = re.match(r'(?:um|umm|uu)_(\d{6})$', pair.stem)
    if not name:
        raise UserError(f'{pair.image} is no image of the benchmark (expected a name like um_000000). Move it away.')
    return 'validation' if int(name.group(1)) % 5 == 4 else 'training'


def _read_ids(path):
    ids, unknown = match_colours(read_photo(path), COLOURS)
    refuse_unknown(unknown, path)
    return ids


def main(argv=None):
    args = parser('Convert the KITTI road benchmark to the layout of this project.', DATA_DIR, SOURCE).parse_args(argv)
    print('ready: ' + prepare(args.data_dir, args.source, args.partial))


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
