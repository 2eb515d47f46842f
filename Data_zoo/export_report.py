"""What is printed at the end of the conversion of an annotation tool's export."""
import collections
import os
import shlex

from Data_zoo.export_classes import IGNORE_LABEL
from Data_zoo.export_splits import SPLITS
from fcn8s.data.turns import STORED, UNSURE
from fcn8s.utils.errors import some_of


def left_out(export):
    """A sentence about objects that cannot be drawn, having no area or name; '' if there are none."""
    kinds = some_of(f'{count} {kind}' for kind, count in export.left_out.most_common())
    return f'left out: {kinds}. ' if kinds else ''


def report(export, written, classes, notes, data_dir):
    """Prints what was written, {Item: Written}, pixels per class, and the commands that follow."""
    kept = {item: done for item, done in written.items() if done.way}
    empty = [item.name for item, done in kept.items() if not done.counts[1:].any()]
    notes = export.notes + notes + [left_out(export).strip()] * bool(export.left_out)
    if len(kept) < len(written):
        notes.append(f'{len(written) - len(kept)} photos without an object are left out')
    if empty:
        notes.append(f'{len(empty)} photos without an object are all {classes[0].name}: {some_of(empty, 3)}. If they '
                     'are not annotated yet, give --skip_empty')
    stored, unsure = ([item.name for item, done in kept.items() if done.placement == where]
                      for where in (STORED, UNSURE))
    if stored:
        notes.append(f'{len(stored)} photos that EXIF turns have the size of their stored pixels in the export, so '
                     f'that their annotations were turned with them: {some_of(stored, 3)}')
    if unsure:
        notes.append(f'EXIF turns {len(unsure)} photos in a way that no size shows (upside down, mirrored, square): '
                     f'{some_of(unsure, 3)}. They are taken as annotated upright; if they are not: python '
                     f'Data_zoo/upright.py {shlex.quote(data_dir)} --all')
    for note in notes:
        print(f'note: {note}')
    ways = collections.Counter(done.way for done in kept.values())
    print(f'{data_dir}: ' + ', '.join(f'{count} photos as {way}' for way, count in sorted(ways.items())))
    for split in SPLITS:
        of_split = [done for item, done in kept.items() if item.split == split]
        objects = [done.objects for done in of_split if done.objects is not None]  # masks do not tell them apart
        print(f'{split}: {len(of_split)} photos' + f', {sum(objects)} objects' * bool(objects))
    counts = sum(done.counts for done in kept.values())
    names = {**{c.index: c.name for c in classes}, IGNORE_LABEL: '(ignored)'}
    for index, name in names.items():
        if index < len(classes) or counts[index]:
            print(f'{index:>3}  {name:<30}{counts[index]:>14} pixels {counts[index] / counts.sum():>8.2%}')
    place, ignore = shlex.quote(data_dir), f' --ignore_label={IGNORE_LABEL}' if counts[IGNORE_LABEL] else ''
    logs = shlex.quote(os.path.join('logs', os.path.basename(os.path.abspath(data_dir))))
    print(f'next: python read_data.py {place}{ignore} --preview=sheet.png\n'
          f'then: python FCN_train.py --data_dir={place} --logs_dir={logs}{ignore} --learning_rate=1e-4 '
          '--max_steps=5000')
