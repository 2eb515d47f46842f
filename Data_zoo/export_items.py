"""What an annotation tool's export holds: photos, and how to draw their annotations."""
import collections
import contextlib
import json
import os
import tempfile
import zlib

from Data_zoo.export_photos import MissingPhoto, stem_of
from fcn8s.utils.errors import UserError

# name: the tool's name of the photo; photo: its path; size: (height, width) that the tool states, or None; split: the
# tool's: 'training', 'validation', 'test' or None; read: function(height, width, id_of) -> (uint8 [H, W], number of
# objects or None)
Item = collections.namedtuple('Item', 'name photo size split read')
MAGIC = {b'\xff\xd8\xff': '.jpg', b'\x89PNG': '.png'}  # the first bytes of a file: its ending
BUGS_OF_FILES = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError,
                 zlib.error)


class Export:
    """What a tool's export holds: Items, classes as (name, colour or None) in order, notes, and problems by photo."""

    def __init__(self, photos, tool):
        self.photos, self.tool = photos, tool
        self.items, self.classes, self.notes, self.problems = [], [], [], []
        self.unpacked = tempfile.TemporaryDirectory()  # photos that are within other files
        self.missing, self.left_out = [], collections.Counter()  # photos; objects without an area, by kind

    def add(self, name, read, size=None, split=None):
        """Adds an Item, or the problem that its photo is missing. Raises ValueError for sizes that are not numbers."""
        if size and [int(side) for side in size] != [float(side) for side in size]:
            raise ValueError(f'a photo of {size[0]} x {size[1]} pixels')
        size = size and tuple(int(side) for side in size)
        try:
            self.items.append(Item(name, self.photos.find(name), size, split, read))
        except MissingPhoto:
            self.missing.append(name)
        except UserError as error:
            self.problems.append((name, str(error)))

    def add_with_photo(self, name, content, read, size):
        """Adds an Item whose photo, bytes of a JPEG or PNG, is in the tool's own file. Raises ValueError for others."""
        ending = next((ending for start, ending in MAGIC.items() if content.startswith(start)), None)
        if ending is None:
            raise ValueError('the photo in it is neither JPEG nor PNG')
        folder = tempfile.mkdtemp(dir=self.unpacked.name)
        photo = os.path.join(folder, stem_of(name.replace('\\', '/')) + ending)
        with open(photo, 'wb') as file:
            file.write(content)
        self.items.append(Item(name, photo, size, None, read))

    @contextlib.contextmanager
    def reading(self, path):
        """Any error of a file's content becomes a problem of that file."""
        try:
            yield
        except UserError as error:
            self.problems.append((path, str(error)))
        except BUGS_OF_FILES as error:
            self.problems.append((path, f'{path}: this is not as {self.tool} writes it: {why(error)}. '
                                        'Export it again.'))


def read_json(path):
    """The content of a JSON file, UTF-8. Raises UserError naming it."""
    try:
        with open(path, encoding='utf-8-sig') as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f'{path} cannot be read as JSON in UTF-8: {why(error)}. Export it again.') from error


def why(error):
    """The error in words."""
    return f'{type(error).__name__}: {error}' if isinstance(error, KeyError) else str(error) or type(error).__name__
