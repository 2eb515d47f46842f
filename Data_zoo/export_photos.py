"""Finds the photos that an annotation tool's export names, whatever folder the tool had them in."""
import collections
import os
import re
import unicodedata

from fcn8s.data.photos import PHOTO_EXTENSIONS
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.walk import walk


class MissingPhoto(UserError):
    """A photo that is in none of the folders."""



class Photos:
    """The photos in folders, to any depth. Names count as equal if they differ in case or Unicode normalization."""

    def __init__(self, folders, left_out=()):
        """left_out: names of folders that hold masks rather than photos."""
        self.folders = list(folders)
        self._by_name, self._by_stem = (collections.defaultdict(list) for _ in range(2))
        for folder in self.folders:
            for where, names in walk(folder):
                if any(part in left_out for part in os.path.relpath(where, folder).split(os.sep)):
                    continue
                for path in (os.path.join(where, name) for name in names if name.lower().endswith(PHOTO_EXTENSIONS)):
                    self._by_name[_key(os.path.basename(path))].append(path)
                    self._by_stem[_key(stem_of(path))].append(path)

    def long_name(self, path):
        """The name of a photo with those of its folders in front: left/a.jpg -> left_a."""
        inner = [os.path.relpath(path, folder) for folder in self.folders]
        return os.path.splitext(min(inner, key=len))[0].replace(os.sep, '_').lstrip('._')  # none may be hidden

    def paths(self):
        """All of them, sorted."""
        return sorted(path for paths in self._by_name.values() for path in paths)

    def leave_out(self, paths):
        """Forgets files that are masks rather than photos."""
        for path in paths:
            for group in (self._by_name[_key(os.path.basename(path))], self._by_stem[_key(stem_of(path))]):
                group[:] = [kept for kept in group if kept != path]

    def holds(self, name):
        """Whether find() has at least one photo for the name."""
        try:
            self.find(name)
        except MissingPhoto:
            return False
        except UserError:
            pass  # several
        return True

    def find(self, name):
        """The path of the photo that the tool calls `name`: a path of any system, of which the end must match.

        Another ending will do if no photo has the tool's. Raises MissingPhoto, or UserError for more than one.
        """
        parts = [part for part in re.split(r'[/\\]+', name) if part not in ('', '.', '..')]
        found = self._by_name.get(_key(parts[-1]), []) if parts else []
        if not found and parts:
            is_named = os.path.splitext(parts[-1])[1].lower() in PHOTO_EXTENSIONS
            found = self._by_stem.get(_key(stem_of(parts[-1]) if is_named else parts[-1]), [])
        agree = [_common_end(parts[:-1], path) for path in found]
        found = [path for path, count in zip(found, agree) if count == max(agree)]
        if not found:
            raise MissingPhoto(name)
        if len(found) > 1:
            raise UserError(f'{name}: several photos have this name: {some_of(found, 3)}. Move all but one away.')
        return found[0]


def files_in(folder, ending):
    """Sorted paths of the files in folder, to any depth, that end so, in upper or lower case; none that are hidden."""
    return sorted(os.path.join(where, name) for where, names in walk(folder) for name in names
                  if name.lower().endswith(ending))


def stem_of(path):
    """The name of a file without its folder and ending."""
    return os.path.splitext(os.path.basename(path))[0]


def _key(name):
    return unicodedata.normalize('NFC', name).casefold()


def _common_end(folders, path):
    """How many of the last of `folders` the path has, too."""
    count = 0
    for ours, theirs in zip(reversed(folders), reversed(os.path.dirname(path).split(os.sep))):
        if _key(ours) != _key(theirs):
            break
        count += 1
    return count
