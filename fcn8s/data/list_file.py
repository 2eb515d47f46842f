"""List files as in semantic-segmentation-pytorch, .txt or .odgt: which photos of a data folder, in which order."""
import collections
import json
import os
import unicodedata

from fcn8s.data.folder import ANNOTATION_EXTENSIONS
from fcn8s.data.photos import PHOTO_EXTENSIONS
from fcn8s.data.records import Record
from fcn8s.utils.errors import DataError, UserError
from fcn8s.utils.files import read_bounded

SHOWN, SHOWN_CHARACTERS = 5, 100
ODGT = '.odgt'


def read_list(list_path, data_dir, bad=None):
    """A list file -> tuple of Records of data_dir, in the order of the list, both files of each checked to exist.

    A line is the path of a photo below images/ (ADE20K_object150_train.txt of semantic-segmentation-pytorch:
    'training/ADE_train_00000001.jpg'). If it names images/ itself, only what follows counts. The annotation has the
    same path below annotations/, except for the extension. Unicode composition and the case of extensions are
    ignored. In a file that ends in .odgt, a line is a JSON object with such a path as fpath_img and the annotation's,
    likewise, as fpath_segm. Blank lines are skipped; UTF-8. Raises DataError naming the lines; but with `bad`, a dict,
    photos of which a file is missing are left out and gathered there as {photo: why}, if some stay.
    """
    folders = _Folders(data_dir)
    lines = [(number, line) for number, line in enumerate(_lines(list_path), 1) if line.strip()]
    read = _odgt_record if list_path.lower().endswith(ODGT) else _record
    numbered = [(number, *read(line, folders, f'{list_path}, line {number}')) for number, line in lines]
    if not numbered:
        raise DataError(f'{list_path} lists no photos; expected a path such as training/NAME.jpg on each line.')
    problems = [(number, record, problem or _missing(record, folders)) for number, record, problem in numbered]
    there = tuple(record for _, record, problem in problems if not problem)
    problems = [(number, record, problem) for number, record, problem in problems if problem]
    if problems and (bad is None or not there):
        raise DataError(_explain(problems, len(numbered), list_path, data_dir))
    for number, record, problem in problems:
        bad[record.image] = f'{list_path}, line {number}: {problem}'
    return there


class _Folders:
    """Finds files below data_dir whose names may be spelled differently; lists each folder once."""

    def __init__(self, data_dir):
        self.data_dir = data_dir
        self._names = {}  # of each folder listed: {stem in composed Unicode: names}

    def find(self, kind, parts, extensions=None):
        """Paths of the files data_dir/kind/parts; with extensions, those of the same stem and any of the endings."""
        folder = os.path.join(self.data_dir, kind)
        for part in parts[:-1]:
            folder = (self._spelled(folder, part) or [os.path.join(folder, part)])[0]
        if extensions is None:
            return self._spelled(folder, parts[-1])
        return [path for path in self.of_stem(os.path.join(folder, parts[-1])) if path.lower().endswith(extensions)]

    def of_stem(self, path):
        """Paths in the folder of `path` that differ from it by the ending, or not at all."""
        folder, name = os.path.split(path)
        return [os.path.join(folder, found) for found in self._listed(folder).get(_nfc(os.path.splitext(name)[0]), ())]

    def _spelled(self, folder, name):
        """The path in exactly this spelling if it exists, otherwise all equivalent ones."""
        exact, extension = os.path.join(folder, name), os.path.splitext(name)[1].lower()
        paths = [path for path in self.of_stem(exact) if os.path.splitext(path)[1].lower() == extension]
        return [exact] if exact in paths else paths

    def _listed(self, folder):
        if folder not in self._names:
            self._names[folder] = names = collections.defaultdict(list)
            try:
                for name in sorted(os.listdir(folder)):
                    names[_nfc(os.path.splitext(name)[0])].append(name)
            except OSError:  # the folder is missing, and so are its files
                pass
        return self._names[folder]


def _nfc(text):
    return unicodedata.normalize('NFC', text)


def _missing(record, folders):
    missing = [path for path in record if not os.path.isfile(path)]
    others = [path for path in folders.of_stem(record.annotation) if record.annotation in missing]
    but = f', but {", ".join(others)}, which is not read as an annotation' if others else ''
    return f'there is no {" and no ".join(missing)}{but}' if missing else None


def _explain(problems, count, list_path, data_dir):
    lines = [f'{list_path}: {len(problems)} of its {count} photos cannot be used:']
    lines += [f'    line {number}: {problem}' for number, _, problem in problems[:SHOWN]]
    lines += ['    ...'] * (len(problems) > SHOWN)
    return '\n'.join(lines + [
        f'Each line is the path of a photo below {os.path.join(data_dir, "images")}; its annotation has the same path '
        f'below annotations/, ending in .png ({" ".join(ANNOTATION_EXTENSIONS[1:])} are read too). Correct the list, '
        'or give the data folder that it was made for.'])


def _lines(path):
    try:
        text = read_bounded(path).decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise DataError(f'{path} is not UTF-8 text; expected a path such as training/NAME.jpg on each line.') from error
    except UserError as error:
        raise DataError(f'{error} Each line of a list is a path such as training/NAME.jpg.') from error
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}.') from error
    return text.replace('\r\n', '\n').replace('\r', '\n').split('\n')


def _odgt_record(line, folders, where):
    """As _record, for a line of an .odgt file."""
    try:
        item = json.loads(line)
        image, annotation = item['fpath_img'].strip(), item['fpath_segm']
        parts = _parts_below(annotation, 'annotations', ANNOTATION_EXTENSIONS)[-1]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        raise DataError(f'{where}: expected a JSON object whose fpath_img and fpath_segm are the paths of a photo and '
                        f'its annotation (.png), found {_shown(line)}.')
    record, problem = _record(image, folders, where)
    path = (folders.find('annotations', parts) or [os.path.join(folders.data_dir, 'annotations', *parts)])[0]
    return record._replace(annotation=path), problem


def _shown(line):
    return repr(line.strip() if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + '...')


def _record(line, folders, where):
    """(Record, None, or what is wrong if several files could be meant); raises DataError if the line is no path."""
    paths = [parts for path in (line, line.strip()) for parts in _parts_below(path, 'images', PHOTO_EXTENSIONS)]
    if not paths:
        raise DataError(f'{where}: expected the path of a photo below images/, such as training/NAME.jpg, found '
                        f'{_shown(line)}.')
    # A name may begin or end with spaces, and a folder below images/ may be called images: existing files decide.
    found = [(parts, images) for parts in paths for images in [folders.find('images', parts)] if images]
    parts, images = found[0] if found else (paths[-1], [])
    annotations = folders.find('annotations', parts, ANNOTATION_EXTENSIONS)
    twins = next((files for files in (images, annotations) if len(files) > 1), ())
    stem = os.path.splitext(parts[-1])[0]
    record = Record((images or [os.path.join(folders.data_dir, 'images', *parts)])[0],
                    (annotations or [os.path.join(folders.data_dir, 'annotations', *parts[:-1], stem + '.png')])[0])
    return record, f'{" and ".join(twins)} have one name; keep one of them' if twins else None


def _parts_below(path, kind, extensions):
    """The folders and the name of a file, as lists [of parts]: the path as it is, and what follows the folder `kind`.

    Neither if its ending is not in `extensions`, or it may lead out of the data folder.
    """
    parts = [part for part in path.replace('\\', '/').split('/') if part != '.']  # lists made on Windows
    ways = [parts]
    if kind in parts[:-1]:
        ways.append(parts[len(parts) - parts[::-1].index(kind):])
    return [way for way in ways if '\0' not in path and not {'', '..'} & set(way)
            and os.path.splitext('/'.join(way))[1].lower() in extensions]
