"""List files as semantic-segmentation-pytorch has them: which photos of a data folder, and in which order."""
import os

from files.images import PHOTO_EXTENSIONS
from read_data import DataError, Record

SHOWN = 5


def read_list(list_path, data_dir, bad=None):
    """A list file -> tuple of Records of data_dir, in the order of the list, both files of each checked to exist.

    A line is the path of a photo below images/ (ADE20K_object150_train.txt of semantic-segmentation-pytorch:
    'training/ADE_train_00000001.jpg'). If it names images/ itself, only what follows counts. The annotation has the
    same path below annotations/, ending in .png. Blank lines are skipped; UTF-8. Raises DataError naming the lines; but
    with `bad`, a dict, photos of which a file is missing are left out and gathered there as {photo: why}, if some stay.
    """
    lines = [(number, line.strip()) for number, line in enumerate(_text(list_path).split('\n'), 1)]
    numbered = [(number, _record(line, data_dir, f'{list_path}, line {number}')) for number, line in lines if line]
    if not numbered:
        raise DataError(f'{list_path} lists no photos; expected a path such as training/NAME.jpg on each line.')
    missing = [(number, path) for number, record in numbered for path in record if not os.path.isfile(path)]
    gone = {path for _, path in missing}
    there = tuple(record for _, record in numbered if gone.isdisjoint(record))
    if missing and (bad is None or not there):
        raise DataError(_explain(missing, list_path, data_dir))
    for number, record in numbered:
        lost = [path for path in record if path in gone]
        if lost:
            bad[record.image] = f'{list_path}, line {number}: there is no {" and no ".join(lost)}'
    return there


def _explain(missing, list_path, data_dir):
    lines = [f'{list_path}: {len(missing)} of its files are missing:']
    lines += [f'    line {number}: {path}' for number, path in missing[:SHOWN]]
    lines += ['    ...'] * (len(missing) > SHOWN)
    return '\n'.join(lines + [
        f'Each line is the path of a photo below {os.path.join(data_dir, "images")}; its annotation has the same path '
        'below annotations/, ending in .png. Correct the list, or give the data folder that it was made for.'])


def _text(path):
    try:
        with open(path, encoding='utf-8-sig') as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise DataError(f'{path} is not UTF-8 text; expected a path such as training/NAME.jpg on each line.') from error
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}.') from error


def _record(line, data_dir, where):
    parts = line.replace('\\', '/').split('/')  # lists made on Windows
    if 'images' in parts[:-1]:
        parts = parts[len(parts) - parts[::-1].index('images'):]
    stem, extension = os.path.splitext(parts[-1])
    if extension.lower() not in PHOTO_EXTENSIONS or '' in parts or '..' in parts:
        raise DataError(f'{where}: expected the path of a photo below images/, such as training/NAME.jpg, found '
                        f'{line!r}.')
    return Record(os.path.join(data_dir, 'images', *parts),
                  os.path.join(data_dir, 'annotations', *parts[:-1], stem + '.png'))
