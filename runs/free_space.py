"""Whether a run's checkpoints fit on the disk, asked before it starts."""
import shutil

from files.errors import UserError


def check_free_space(folder, first, further):
    """Raises UserError unless `first` bytes are free where `folder` is; warns unless `further` bytes more are."""
    total, _, free = shutil.disk_usage(folder)
    if not total:  # some network file systems do not know
        return
    if free < first:
        raise UserError(f'{folder} has {free:,} bytes free, and its first checkpoints take {first:,}. Make room, or '
                        'give a --logs_dir on another disk.')
    if free < first + further:
        print(f'warning: {folder} has {free:,} bytes free, and all checkpoints that the run keeps take '
              f'{first + further:,}: it will stop when the disk is full')
