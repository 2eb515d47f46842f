"""Checks and warnings before the first step: flags, classes, initial weights."""
import os

from fcn8s.data.label_tally import print_label_warnings
from fcn8s.devices import check_num_gpus
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.tf_paths import check_writable_name
from fcn8s.weights.encoders import encoder_name
from fcn8s.weights.pth import is_pth
from fcn8s.weights.published import PUBLISHED
from fcn8s.weights.restore import find_weights
from FCN_model import NETS, ignored_labels


def check_flags(logs_dir, net, width, pretrained, init_from, num_gpus, batch_size, workers=1):
    """Raises UserError if the values of these flags are unknown or contradict each other."""
    check_writable_name('logs_dir', logs_dir)
    if net not in NETS:
        raise UsageError(f'--net={net}: there is no such net. Available: {", ".join(NETS)}.')
    check_pretrained(pretrained, init_from, net, width)
    check_num_gpus(num_gpus, batch_size, workers)


def check_learned_classes(net, ignore_label):
    """Raises UserError if a NetConfig and --ignore_label leave fewer than two classes to learn."""
    ignored = ignored_labels(net.net, ignore_label)
    learned = [c for c in net.classes if c.index not in ignored]
    if len(learned) > 1:
        return
    left = f'only {learned[0].name} ({learned[0].index})' if learned else 'no class'
    reasons = [] if NETS[net.net].scores_0 else [f'--net={net.net} never scores class 0']
    reasons += [] if ignore_label is None else [f'--ignore_label={ignore_label} leaves that class out']
    raise UserError(f'{left} of {net.num_classes} classes would be learned, because {" and ".join(reasons)}: the '
                    f'loss would always be 0. Use {_advice(net.net, ignore_label)}, or make the background a class of '
                    'its own: 1 in classes.csv and in the annotations, and 0 for unlabelled pixels.')


def describe_run(net, training, validation):
    """One line about a NetConfig and its Datasets."""
    return (f'net {net.net}, width {net.width:g}, {net.num_classes} classes; {len(training.records)} training photos, '
            f'{len(validation.records)} for validation')


def print_warnings(net, training, num_threads):
    """Prints problems in a sample of the labels, and a note if the net never predicts class 0."""
    if not NETS[net.net].scores_0:
        print(f'class 0 ({net.classes[0].name}) is never predicted: only the fcn nets score it')
    print_label_warnings(training.records, net.classes, ignored_labels(net.net, training.ignore_label), num_threads)


def _advice(net, ignore_label):
    ways = [] if NETS[net].scores_0 else ['an fcn net, such as --net=fcn8s, which learns class 0 too']
    ways += [] if ignore_label is None else ['no --ignore_label']
    return ' and '.join(ways)


def check_pretrained(pretrained, init_from, net, width):
    """Raises UserError unless --pretrained is auto, none, download or an existing file or folder that may fit.

    It must not be the checkpoint of a whole net or a second source of weights, and must suit the net, a row of NETS.
    """
    if pretrained in ('auto', 'none'):
        return
    if pretrained != 'download' and _is_checkpoint(pretrained):
        raise UserError(f'--pretrained={pretrained} holds the weights of a whole net, but --pretrained takes an '
                        f'encoder. Give --init_from={pretrained} instead.')
    if init_from:
        raise UsageError(f'--pretrained={pretrained} and --init_from={init_from} name two sources of the same weights. '
                         'Leave one of them out.')
    if pretrained == 'download':
        if encoder_name(net) is None:
            raise UsageError(f'--pretrained=download: no weights are published for net {net}. Give --pretrained=none.')
        if width != 1:
            raise UsageError(f'--pretrained=download: published weights fit --width=1 only, found --width={width:g}. '
                             'Give --pretrained=none, or --width=1.')
    elif not os.path.exists(pretrained):
        raise UserError(f'--pretrained={pretrained}: no such file. Give auto, none, download or the path of '
                        'a weight file.')
    elif NETS[net].vgg is None and not is_pth(pretrained):
        raise UsageError(f'--pretrained={pretrained}: net {net} is not built on VGG. Give the .pth file of its own '
                         'encoder, or --pretrained=download.')


def _is_checkpoint(path):
    """Whether --init_from would take it as a whole net: a checkpoint, a folder, a .pth pair, a published net."""
    if path in PUBLISHED:
        return True
    try:
        find_weights(path, '', '--init_from')
    except UserError:
        return False
    return True
