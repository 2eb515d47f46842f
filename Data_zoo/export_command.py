"""The command line that every Data_zoo/<TOOL>/prepare.py shares."""
import argparse
import os

from Data_zoo.export_items import Export
from Data_zoo.export_photos import Photos
from Data_zoo.exports import write_export
from fcn8s.utils.cli import path_argument
from fcn8s.utils.errors import UserError


def convert_export(tool, read, doc, argv=None, arguments=None):
    """Converts the export that the command line names.

    tool: its name in messages; read: function(export path, Export, options) that fills the Export; doc: the text of
    --help; arguments: {flag of this tool alone: keywords of add_argument}.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('export', type=path_argument, help=f'the folder or file that {tool} exported, unzipped')
    parser.add_argument('data_dir', type=path_argument, help='new folder for the data set, such as my_data')
    parser.add_argument('--photos', type=path_argument, metavar='DIR', help='the folder of the photos, if they are '
                        'not in the export')
    parser.add_argument('--classes', type=path_argument, metavar='CSV', help='a classes.csv whose ids to keep, such as '
                        'that of an earlier conversion (default: numbered in the order of the export)')
    parser.add_argument('--validation', type=_share, default=0.2, metavar='SHARE', help='share of the photos for '
                        'validation, if the export has no split (default: %(default)s)')
    parser.add_argument('--partial', action='store_true', help='leave out photos that are missing or have problems')
    parser.add_argument('--skip_empty', action='store_true', help='leave out photos without an object')
    for flag, keywords in (arguments or {}).items():
        parser.add_argument(flag, **keywords)
    args = parser.parse_args(argv)
    _check_paths(args.export, args.photos)
    folder = args.export if os.path.isdir(args.export) else os.path.dirname(os.path.abspath(args.export))
    export = Export(Photos([args.photos or folder]), tool)
    with export.unpacked:
        read(args.export, export, args)
        write_export(export, args.data_dir, args)


def _check_paths(export, photos):
    if not os.path.exists(export):
        raise UserError(f'{export}: there is no such folder or file. Give what the tool exported.')
    if export.lower().endswith('.zip'):
        raise UserError(f'{export} is an archive. Extract it and give the folder.')
    if photos and not os.path.isdir(photos):
        raise UserError(f'--photos={photos}: there is no such folder.')


def _share(text):
    try:
        if 0 < float(text) < 1:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f'expected a number between 0 and 1, such as 0.2, found {text!r}')
