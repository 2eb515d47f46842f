"""A data folder -> Dataset: which image belongs to which annotation, and what the ids mean.

    python read_data.py DIR                    checks a data folder and prints what it holds; for the export of an
                                               annotation tool, the command that converts it
    python read_data.py DIR --num_classes=2    the same for a folder without classes.csv
    python read_data.py DIR --preview=sheet.png    also draws a dozen photos under their masks, and a bar per class
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import argparse
import importlib.util
import os

from fcn8s.data.classes import find_classes
from fcn8s.data.folder import explain_unread, pair_up
from fcn8s.data.list_file import read_list
from fcn8s.data.recognize import recognize
from fcn8s.data.records import BadPhotos, Dataset, evenly_spaced
from fcn8s.utils.cli import path_argument
from fcn8s.utils.errors import DataError, UserError
from fcn8s.utils.script import run

DATA_ZOO = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'Data_zoo')


def read_dataset(data_dir, split, num_classes=None, ignore_label=None, bad=None):
    """The Dataset of `split` ('training' or 'validation'): records sorted by stem, and the classes.

    Lists folders only; no image is opened. num_classes replaces a missing classes.csv. Raises DataError, which
    shows the layout expected and what was found, or names the files that have no partner; `bad`, a BadPhotos, collects
    these instead.
    """
    records, unpaired = pair_up(data_dir, split)
    if unpaired and (bad is None or not records):
        raise DataError('\n'.join(map(str, unpaired)))
    for paths, _, why in unpaired:
        bad.update((path, f'{path}: {why}') for path in paths)
    return Dataset(records, find_classes(data_dir, num_classes), ignore_label, bad)


def read_splits(data_dir, list_path, num_classes, ignore_label, skip_bad, validation_num):
    """(training, validation) Datasets of a data folder, which is prepared first if it is one of Data_zoo's.

    list_path: file of the photos to train on, '' for the training split; skip_bad: whether to collect unusable photos
    instead of failing; validation_num: photos of the validation split to keep, evenly spaced, 0 for all. Notes photos
    in subfolders, which are not read. Raises UserError as read_dataset, read_list and ensure_data_set do.
    """
    ensure_data_set(data_dir)
    bad = BadPhotos() if skip_bad else None
    validation = read_dataset(data_dir, 'validation', num_classes, ignore_label, bad)
    if list_path:
        training = validation._replace(records=read_list(list_path, data_dir, bad))
    else:
        training = read_dataset(data_dir, 'training', num_classes, ignore_label, bad)
    for split in ('validation',) if list_path else ('training', 'validation'):
        unread = explain_unread(data_dir, split)
        if unread:
            print(f'note: {unread}')
    return training, validation._replace(records=evenly_spaced(validation.records, validation_num))


def ensure_data_set(data_dir):
    """Does nothing if data_dir exists; else runs the prepare.py beside it if that is one of our Data_zoo/<NAME>/.

    One that stands anywhere else is never run: data_dir may come from the config.json of somebody else's checkpoint.

    Raises:
      UserError: there is neither, or prepare.py could not do it.
    """
    if os.path.isdir(data_dir):
        return
    script = os.path.join(os.path.dirname(os.path.abspath(data_dir)), 'prepare.py')
    if not os.path.isfile(script) or os.path.dirname(os.path.dirname(script)) != DATA_ZOO:
        raise UserError(f'there is no folder {os.path.abspath(data_dir)}. Give the folder that holds images/ and '
                        'annotations/ with --data_dir.')
    print(f'{data_dir} is not there yet: {script} prepares it')
    spec = importlib.util.spec_from_file_location('prepare', script)
    prepare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    if not hasattr(prepare, 'prepare'):
        raise UserError(f'{script} converts what an annotation tool exported, and needs to know where that is: '
                        f'python {script} EXPORT {data_dir}')
    prepare.prepare(data_dir)


def main():
    """Prints the health of a data folder; returns 1 if it has problems."""
    parser = argparse.ArgumentParser(description='Checks a data folder: pairs, sizes, ids, class frequencies.')
    parser.add_argument('data_dir', type=path_argument, help='the folder with images/ and annotations/')
    parser.add_argument('--num_classes', type=int, help='number of classes, if there is no classes.csv')
    parser.add_argument('--ignore_label', type=int, help='an id that may occur although it names no class, such as 255')
    parser.add_argument('--preview', metavar='PICTURE', type=path_argument, help='.png or .jpg file to write: a dozen '
                        'photos under their masks, and the share of each class')
    args = parser.parse_args()
    found = recognize(args.data_dir)
    if found:
        print(found)
        return 1
    from fcn8s.data.check import examine, print_findings
    findings = examine(args.data_dir, args.num_classes, args.ignore_label)
    code = print_findings(findings)
    if args.preview:
        from fcn8s.sheet import save_sheet
        save_sheet(args.preview, findings)
    return code


if __name__ == '__main__':
    run(lambda argv: main())
