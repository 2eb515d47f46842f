"""The class names of annotation tools -> the lines of classes.csv: 0 is the background, 255 is ignored."""
import csv
import re
import unicodedata

from fcn8s.data.classes import ClassInfo, generic_classes, read_classes
from fcn8s.utils.errors import UserError, some_of

BACKGROUND = {'background', '_background_', '__background__', 'bg', 'others', 'void', 'unlabeled', 'unlabelled'}
IGNORE = '__ignore__'  # LabelMe's name, here for pixels that any tool marks as unknown
IGNORED = {IGNORE, 'ignore'}
IGNORE_LABEL = 255
MOST = IGNORE_LABEL  # ids 0 to 254


class Names:
    """The ids of class names."""

    def __init__(self, classes, ids):
        self.classes = classes
        self._ids = {IGNORE: IGNORE_LABEL, **ids}

    def __call__(self, name):
        """The class id of a name; IGNORE_LABEL for names such as __ignore__. Raises UserError for any other."""
        name = clean(name)
        if name not in self._ids:
            raise UserError(f'the class {name!r} is none of {some_of(c.name for c in self.classes)}')
        return self._ids[name]


def clean(name):
    """A class name in one line and one form of Unicode. Raises UserError for an empty one."""
    whole = str(name).encode('utf-8', 'replace').decode('utf-8')  # JSON may hold halves of letters
    cleaned = unicodedata.normalize('NFC', ' '.join(whole.split()))
    if not cleaned:
        raise UserError('a class of the export has no name. Name it in the tool, and export again.')
    return cleaned


def number_classes(named, classes_csv=None):
    """Names for classes: (name, colour or None) in order; equal names are one class.

    A name of BACKGROUND becomes class 0, else 0 is "others". A class without a colour, or with one that is black or
    taken, gets one of the PASCAL VOC devkit. classes_csv: ids to keep instead; all names must be in it. Raises
    UserError for more than MOST classes, and for names that classes_csv lacks.
    """
    named = [(clean(name), colour) for name, colour in named]
    ignored = {name: IGNORE_LABEL for name, _ in named if name.lower() in IGNORED}
    if classes_csv:
        return _of_file(classes_csv, [name for name, _ in named], ignored)
    background = [name for name, _ in named if name.lower() in BACKGROUND]
    colours = {}
    for name, colour in named:
        if name not in ignored and name not in background:
            colours.setdefault(name, colour)
    if len(colours) >= MOST:
        raise UserError(f'{len(colours)} classes, but an annotation of bytes holds {MOST - 1} and the background: '
                        f'{some_of(colours)}. Merge some of them in the tool.')
    if not colours:
        raise UserError('no class but the background is named, so there is nothing to learn. Export the annotations '
                        'with their labels.')
    taken, spare = {(0, 0, 0)}, [c.colour for c in generic_classes(256)]
    for name, colour in colours.items():
        if colour is None or colour in taken:
            colours[name] = None
        taken.add(colours[name])
    spare = iter([colour for colour in spare if colour not in taken])
    classes = [ClassInfo(0, background[0] if background else 'others', (0, 0, 0))]
    classes += [ClassInfo(i, name, colour or next(spare)) for i, (name, colour) in enumerate(colours.items(), 1)]
    ids = {c.name: c.index for c in classes}
    return Names(tuple(classes), {**ids, **dict.fromkeys(background, 0), **ignored})


def _of_file(path, names, ignored):
    classes = read_classes(path)
    ids = {clean(c.name): c.index for c in classes}
    ids.update({name: 0 for name in names if name.lower() in BACKGROUND and name not in ids})
    unknown = [name for name in dict.fromkeys(names) if name not in ids and name not in ignored]
    if unknown or len(classes) > MOST:
        raise UserError(f'{path} lists {len(classes)} classes, at most {MOST}, without these of the export: '
                        f'{some_of(unknown) or "none"}. Add a line for each, or leave --classes out.')
    return Names(classes, {**ids, **ignored})


def write_classes(path, classes):
    """Writes a classes.csv, UTF-8."""
    with open(path, 'w', encoding='utf-8', newline='') as file:
        rows = csv.writer(file, lineterminator='\n')
        rows.writerow(['index', 'name', 'red', 'green', 'blue'])
        rows.writerows([c.index, c.name, *c.colour] for c in classes)


def hex_colour(text):
    """'#ff8000' -> (255, 128, 0); None for anything else."""
    found = re.match(r'#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})$', str(text or ''))
    return found and tuple(int(part, 16) for part in found.groups())
