"""How a test was made, for whoever reads its report later."""
import platform
import shlex
import time

import numpy
import PIL

from metrics import without_unlabelled
from TensorflowUtils import describe_device


def facts_of(argv, segmenter, data_dir, how, scores, matrix, seconds):
    """List of (name, text).

    argv: the command line. how: {flag: value} of what the predictions depend on. scores: per-image Scores or None.
    matrix: confusion matrix of all photos. seconds: what the test took.
    """
    net, unlabelled = segmenter.net, sum(score is None for score in scores)
    return [
        ('command', ' '.join(['python'] + [shlex.quote(word) for word in argv])),
        ('checkpoint', segmenter.checkpoint),
        ('net', f'{net.net}, width {net.width:g}, {net.num_classes} classes'),
        ('data set', data_dir),
        ('counts', f'{len(scores):,} photos, {unlabelled:,} of them without a labelled pixel\n'
                   f'{matrix.sum():,} pixels that are not ignored, {without_unlabelled(matrix).sum():,} of them '
                   'labelled other than 0'),
        ('predictions', '\n'.join(f'{flag}: {value}' for flag, value in how.items())),
        ('versions', f'Python {platform.python_version()}, {describe_device()}, numpy {numpy.__version__}, '
                     f'Pillow {PIL.__version__}'),
        ('date', time.strftime('%Y-%m-%d %H:%M:%S %z') + f'; the test took {seconds:.0f} s'),
    ]
