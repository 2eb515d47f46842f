"""Which classes a run learns: what is ignored in training is not told from anything."""
from FCN_model import NETS, ignored_labels
from files.errors import UserError


def check_learned_classes(net, ignore_label):
    """Raises UserError where a NetConfig and --ignore_label leave fewer than two classes to tell apart."""
    ignored = ignored_labels(net.net, ignore_label)
    learned = [c for c in net.classes if c.index not in ignored]
    if len(learned) > 1:
        return
    left = f'{learned[0].name} ({learned[0].index}) alone' if learned else 'no class'
    reasons = [] if NETS[net.net].scores_0 else [f'--net={net.net} never scores class 0']
    reasons += [] if ignore_label is None else [f'--ignore_label={ignore_label} leaves that class out']
    raise UserError(f'of {net.num_classes} classes {left} would be learned, for {" and ".join(reasons)}: the loss '
                    f'would be 0 whatever is predicted. Take {_way_out(net.net, ignore_label)}, or make the background '
                    'a class of its own: 1 in classes.csv and in the annotations, with 0 for pixels without a label.')


def tell_unscored(net):
    """Prints, at the start of a run, that the net of a NetConfig never predicts class 0 if it is such a net."""
    if not NETS[net.net].scores_0:
        print(f'class 0 ({net.classes[0].name}) is never predicted: net {net.net} does not score it, the fcn nets do')


def _way_out(net, ignore_label):
    ways = [] if NETS[net].scores_0 else ['an fcn net, such as --net=fcn8s, which learns class 0 too']
    ways += [] if ignore_label is None else ['no --ignore_label']
    return ' and '.join(ways)
