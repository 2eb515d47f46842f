"""The CSV files of a run: written atomically, and read even if a power cut damaged them."""
import csv
import io
import os
import shutil

from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file


def write_rows(csv_path, columns, rows):
    """Rewrites a file with rows (dicts). Raises UserError if that fails."""
    with atomic_file(csv_path, make_folders=False) as path, open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def read_rows(csv_path, columns):
    """Returns (rows of a CSV file as dicts of numbers, what is damaged or ''); no rows if the file is missing.

    For a damaged file, the rows are those above the damage. Raises UserError for a file with other columns.
    """
    if not os.path.exists(csv_path):
        return [], ''
    try:
        with open(csv_path, 'rb') as file:
            whole, _, rest = file.read().rpartition(b'\n')  # an unterminated line may end in half a number
    except OSError as error:
        raise UserError(f'{csv_path} cannot be read: {error.strerror}. Move it away, or make it readable.')
    header, *lines = whole.decode('utf-8', 'replace').split('\n')
    header = header.rstrip('\r')
    if not header.strip('\0'):
        return [], 'it is empty' if not rest.strip(b'\0') else 'it is cut in its first line'
    missing = [column for column in columns if column not in header.split(',')]
    if missing:
        raise UserError(f'{csv_path} cannot be read: its first line is {header[:80]!r}. Expected are the columns '
                        f'{", ".join(columns)}, all numbers. Move the file away, or repair it.')
    rows = []
    for number, line in enumerate(lines, 2):
        try:
            row = dict(zip(header.split(','), next(csv.reader(io.StringIO(line)))))
            rows.append({key: int(row[key]) if key == 'step' else float(row[key]) for key in columns})
        except (ValueError, KeyError, csv.Error, StopIteration):
            return rows, f'line {number} is not a row of numbers'
    return rows, f'line {len(lines) + 2} is cut' if rest else ''


def recover_rows(csv_path, columns):
    """Like read_rows, but keeps a damaged file under another name, reports it, and restores the good rows."""
    rows, damage = read_rows(csv_path, columns)
    if damage:
        aside = _free_name(csv_path + '.damaged')
        try:
            shutil.copyfile(csv_path, aside)
        except OSError as error:
            raise UserError(f'{csv_path} is damaged ({damage}), and cannot be copied to {aside}: {error.strerror}.')
        write_rows(csv_path, columns, rows)
        kept = f'its {len(rows)} rows up to step {rows[-1]["step"]} are kept' if rows else 'none of its rows is left'
        print(f'warning: {csv_path} is damaged, as by a power cut: {damage}; {kept}, and later ones are lost there. '
              f'TensorBoard\'s event files may still show them. The damaged file is {aside}.')
    return rows


def _free_name(path):
    """`path`, or `path` with the lowest number appended that is free."""
    names = [path] + [f'{path}-{number}' for number in range(2, 1000)]
    return next(name for name in names if not os.path.lexists(name))
