"""How long is a step of several workers, and how much of it do they wait for each other?

    python benchmarks/cluster.py --workers=2 --height=128 --width=128 --batch_size=4 --net_width=0.25
    python benchmarks/cluster.py --paper          what networks of 10 and 100 Gbit/s would reach, from bytes alone

The workers run on this machine and share its cores; each takes its part of --batch_size. Beside the step of all
workers, each takes as many steps on its part alone, at the same time as the others: the difference is what the sums
over workers take. The last line is a JSON object.
"""
import os
import statistics
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks.measure import positive, print_result, random_batch, spread, time_steps
from benchmarks.workloads import open_training, our_parser, parse_ours
from fcn8s.cluster.launcher import launch
from fcn8s.cluster.meeting import meet
from fcn8s.cluster.place import ALONE, find_place
from fcn8s.nets.all_sum import ALONE as NO_GROUP
from fcn8s.nets.all_sum import Group
from fcn8s.nets.summary import count
from fcn8s.training.workers import open_session
from fcn8s.utils.tf1 import tf
from FCN_model import NETS, build

GBITS = (10, 100)
SIZES = (8, 64)


def seconds_to_sum(megabytes, workers, gbits):
    """Seconds of a ring's all_reduce, in which every worker sends and receives 2 (W - 1) / W of the data."""
    return 2 * (workers - 1) / workers * megabytes * 8e6 / (gbits * 1e9)


def print_paper():
    """Prints a row of Markdown for each number of parameters: the seconds that a step spends on sums."""
    nets = {}
    for name in NETS:
        nets.setdefault(count(name, build)[0], []).append(name)
    columns = [(workers, gbits) for workers in SIZES for gbits in GBITS]
    headings = [f'{workers} workers, {gbits} Gbit/s' for workers, gbits in columns]
    print(f'| net | MB a step | {" | ".join(headings)} |')
    print('|---|---|' + '---|' * len(columns))
    for parameters, names in sorted(nets.items()):
        megabytes = 4 * parameters / 1e6
        seconds = ' | '.join(f'{seconds_to_sum(megabytes, *column):.3f} s' for column in columns)
        print(f'| {", ".join(f"`{name}`" for name in names)} | {megabytes:.0f} | {seconds} |')


def measure(request, place):
    """One worker's part; worker 0 prints the result."""
    request.batch_size //= place.size
    batch = random_batch(request)
    with meet(place, {}, 60., 60.) as team:
        timings = {}
        for kind, group in (('alone', NO_GROUP), ('together', Group(team.rank, team.size))):
            def session(kind=kind):
                return open_session(team if kind == 'together' else meet(ALONE, {}, 0, 0), request.precision, False, 1)

            with open_training(request, open_session=session, group=group) as step:
                reduced = 4 * sum(v.shape.num_elements() for v in tf.trainable_variables())
                team.gather(None)  # so that all compute at the same time
                timings[kind] = time_steps(lambda step=step: step(*batch), request.steps)
        alone = max(statistics.median(seconds) for seconds in team.gather(timings['alone'].seconds))
        if team.rank == 0:
            together = spread(timings['together'].seconds)
            waiting = max(0., 1 - alone / together['median_seconds'])
            print(f'{request.net} (width {request.net_width:g}), {request.precision}: {team.size} workers with '
                  f'{request.batch_size}x{request.height}x{request.width} each: {together["median_seconds"]:.3f} s a '
                  f'step ({together["min_seconds"]:.3f} to {together["max_seconds"]:.3f}); without sums {alone:.3f} s: '
                  f'{waiting:.0%} of the step for {reduced / 1e6:.1f} MB')
            print_result(dict(vars(request), **together, alone_seconds=alone, reduced_bytes=reduced, waiting=waiting),
                         tensorflow=tf.version.VERSION)
    return 0


def main():
    """Measures one worker and then several, or prints the figures on paper."""
    parser = our_parser(__doc__, modes=('train',))
    parser.add_argument('--workers', type=positive, default=2, help='processes on this machine')
    parser.add_argument('--paper', action='store_true', help='measure nothing')
    request = parse_ours(parser)
    place = find_place()
    if request.paper:
        return print_paper()
    if 'RANK' in os.environ:
        return measure(request, place)
    return max(launch(workers, sys.argv, 1) for workers in (1, request.workers))


if __name__ == '__main__':
    sys.exit(main())
