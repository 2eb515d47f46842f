"""Brings the export of an annotation tool into the layout that read_data reads, for each Data_zoo/<TOOL>/prepare.py.

Photos are linked, or copied where links are impossible; nothing is written unless all can be. Photos go to validation
by a hash of their names, so that a photo stays there when others are added; the tool's own split is kept if it has one.
"""
import collections
import concurrent.futures
import os
import shutil
import unicodedata

import numpy as np

from Data_zoo.conversion import link_or_copy
from Data_zoo.export_classes import number_classes, write_classes
from Data_zoo.export_items import BUGS_OF_FILES, why
from Data_zoo.export_photos import stem_of
from Data_zoo.export_report import left_out, report
from Data_zoo.export_splits import SPLITS, assign_splits
from fcn8s.data.photos import SIDEWAYS, photo_orientation, photo_size, turned
from fcn8s.data.turns import STORED, UNSURE, UPRIGHT
from fcn8s.utils.errors import UserError, grouped, some_of
from fcn8s.utils.files import atomic_folder
from fcn8s.utils.progress import progress
from fcn8s.visualize import palette, save_ids

# way: how the photo got there; counts: pixels by id, int64 [256]; placement: of annotations of a photo that EXIF turns,
# UPRIGHT, STORED, or UNSURE if no size shows it; None for other photos
Written = collections.namedtuple('Written', 'way counts objects placement')


def write_export(export, data_dir, options):
    """Writes an Export to data_dir, and prints what it holds and the commands that follow.

    options: classes, a classes.csv or None; validation, the share of the photos; partial, whether to leave out photos
    with problems; skip_empty, whether to leave out photos without objects. Raises UserError for problems.
    """
    if not export.items:
        problems = _lines(export, export.problems) or ['the export names no photo.']
        raise UserError('\n'.join(problems) + '\nNothing was written.')
    if not export.classes and not options.classes:
        raise UserError('the export has no object with an area. ' + left_out(export) + 'Nothing was written.')
    id_of = number_classes(export.classes, options.classes)
    colours = palette(id_of.classes)
    items, notes = assign_splits(export.items, options.validation)
    problems = list(export.problems)
    try:
        with atomic_folder(data_dir) as new, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for split in SPLITS:
                for kind in ('images', 'annotations'):
                    os.makedirs(os.path.join(new, kind, split))
            targets = _targets(items, export.photos, problems)
            jobs = pool.map(lambda item: _tried(_write, new, item, targets[item], id_of, colours, options.skip_empty,
                                                export.unpacked.name),
                            [item for item in items if item in targets])
            written = {}
            for item, done in zip(targets, progress(jobs, total=len(targets), unit='photo')):
                if isinstance(done, str):
                    problems.append((item.photo, done))
                else:
                    written[item] = done
            _refuse(_lines(export, problems), options.partial, written, left_out(export))
            write_classes(os.path.join(new, 'classes.csv'), id_of.classes)
    except OSError as error:
        raise UserError(f'{data_dir} cannot be written: {error}.') from error
    report(export, written, id_of.classes, notes, data_dir)


def _targets(items, photos, problems):
    """{item: its name in the layout}; photos that would have one name get those of their folders in front."""
    def collisions(names):
        keys = {item: (item.split, unicodedata.normalize('NFC', name).casefold()) for item, name in names.items()}
        number = collections.Counter(keys.values())
        return [item for item in names if number[keys[item]] > 1]

    once = {}
    for item in items:
        first = once.setdefault(os.path.realpath(item.photo), item)
        if first is not item:
            problems.append((item.photo, f'{item.photo} is annotated twice in the export. Keep one of both.'))
    names = {item: stem_of(item.photo) for item in once.values()}
    names.update({item: photos.long_name(item.photo) for item in collisions(names)})
    for item in collisions(names):
        problems.append((item.photo, f'{item.photo} has the same name as another photo. Rename one of them.'))
        del names[item]
    return names


def _tried(function, *arguments):
    """The function's result, or the sentence of its error."""
    try:
        return function(*arguments)
    except UserError as error:
        return f'{arguments[1].name}: {error}'
    except BUGS_OF_FILES as error:
        return f'{arguments[1].name}: the annotation cannot be drawn: {why(error)}. Correct it in the tool.'


def _write(folder, item, name, id_of, colours, skip_empty, unpacked):
    """Writes one pair; returns Written, whose way is None if the photo was left out."""
    ids, objects, placement = _read_ids(item, id_of)
    counts = np.bincount(ids.ravel(), minlength=256)
    if skip_empty and not counts[1:].any():
        return Written(None, counts, objects, placement)
    save_ids(os.path.join(folder, 'annotations', item.split, name + '.png'), ids, colours)
    target = os.path.join(folder, 'images', item.split, name + os.path.splitext(item.photo)[1])
    if item.photo.startswith(unpacked):  # which will be removed, so that no link may lead there
        shutil.copyfile(item.photo, target)
        return Written("copies out of the tool's files", counts, objects, placement)
    return Written(link_or_copy(os.path.abspath(item.photo), target), counts, objects, placement)


def _read_ids(item, id_of):
    """(ids uint8 [H, W] of the upright photo, number of objects or None, placement). Raises UserError for sizes."""
    size, orientation = photo_size(item.photo), photo_orientation(item.photo)
    stated, stored = item.size or size, size[::-1] if orientation in SIDEWAYS else size
    if stated not in (size, stored):
        raise UserError(f'the photo {item.photo} has {size[0]} x {size[1]} pixels (height x width), but the export '
                        f'says {stated[0]} x {stated[1]}. Take the photos that were annotated.')
    ids, objects = item.read(*stated, id_of)
    if ids.shape not in (size, stored):
        raise UserError(f'the photo {item.photo} has {size[0]} x {size[1]} pixels (height x width), but its mask '
                        f'{ids.shape[0]} x {ids.shape[1]}. Take the photos that were annotated.')
    if ids.shape != size:
        return turned(ids, orientation), objects, STORED
    if orientation == 1:
        return ids, objects, None
    return ids, objects, UPRIGHT if size != stored else UNSURE


def _lines(export, problems):
    missing = ([f'photos that are missing: {len(export.missing)} ({some_of(export.missing, 3)}). '
                f'{some_of(export.photos.folders, 3)} does not hold them: give their folder with --photos=DIR.']
               if export.missing else [])
    return missing + grouped(problems)


def _refuse(lines, partial, written, without_area):
    if lines and (not partial or not any(done.way for done in written.values())):
        raise UserError('\n'.join(lines + ['Nothing was written.'
                                           + ' --partial leaves these photos out.' * bool(written and not partial)]))
    for line in lines:
        print(f'left out: {line}')
    if not any(done.counts[1:].any() for done in written.values()):
        raise UserError(f'the export has no object with an area. {without_area}Nothing was written.')
