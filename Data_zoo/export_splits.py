"""Which photos of an export are for training and which for validation."""
import hashlib
import os
import re
import unicodedata

from Data_zoo.export_photos import stem_of

SPLITS = ('training', 'validation')
_WORDS = {'training': ('train', 'training', 'trn'), 'validation': ('val', 'valid', 'validation', 'eval', 'dev'),
          'test': ('test', 'testing')}


def split_named(text):
    """'training', 'validation' or 'test' if exactly one is a word of text, such as instances_val2017; else None."""
    words = re.findall('[a-z]+', text.lower())
    found = [split for split, names in _WORDS.items() if any(word in names for word in words)]
    return found[0] if len(found) == 1 else None


def split_of_folders(path):
    """The split that the folders of a relative path name, if they name one alone; else None."""
    found = {split_named(part) for part in os.path.dirname(path).split(os.sep)} - {None}
    return found.pop() if len(found) == 1 else None


def assign_splits(items, share):
    """(Items with split 'training' or 'validation', sorted by name; notes).

    The tool's split is kept if it has both for all photos; without validation photos its test photos take their place,
    else those are left out. Without such a split, `share` of the photos, by a hash of their names, are for validation.
    """
    items, found = sorted(items, key=lambda item: item.name), {item.split for item in items}
    if found == {'training', 'test'}:
        items = [item._replace(split='validation') if item.split == 'test' else item for item in items]
        return items, ["the tool's test photos are for validation"]
    if set(SPLITS) <= found <= {*SPLITS, 'test'}:
        kept = [item for item in items if item.split != 'test']
        notes = [f'{len(items) - len(kept)} photos of the split test are left out'] * (len(kept) < len(items))
        return kept, ["the tool's split is kept"] + notes
    order = sorted(items, key=lambda item: part_of(item.photo))
    count = sum(part_of(item.photo) < share for item in items)
    count = min(max(count, 1), len(items) - 1) if len(items) > 1 else 0  # neither may be empty
    chosen = set(map(id, order[:count]))
    items = [item._replace(split='validation' if id(item) in chosen else 'training') for item in items]
    return items, [f'{count} of {len(items)} photos, chosen by a hash of their names, are for validation']


def part_of(photo):
    """A number from 0 to 1 that depends on nothing but the name of the photo without its ending."""
    name = unicodedata.normalize('NFC', stem_of(photo))
    return int(hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8], 16) / 2**32
