"""Where does the time of a step of the project's own go?

    python benchmarks/profile_step.py --mode=infer --top=20
    python benchmarks/profile_step.py --mode=train --height=256 --width=256 --batch_size=2

Traces --steps steps (RunOptions.FULL_TRACE), after one that is not counted, and prints the ops that took longest and
the kinds of ops, in milliseconds a step. Ops that run beside each other are counted each, so that the sum may be more
than the step's time. The last line is JSON.
"""
import collections
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks.measure import positive, print_result, spread, tensorflow_device, time_steps
from benchmarks.workloads import open_step, our_parser, parse_ours
from fcn8s.utils.tf1 import tf


class TracedSession:
    """A session whose runs are traced; traces: a list of StepStats, one a run."""

    def __init__(self, session):
        self._session, self.traces = session, []

    def run(self, fetches, feeds):
        """As Session.run."""
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        metadata = tf.RunMetadata()
        result = self._session.run(fetches, feeds, options, metadata)
        self.traces.append(metadata.step_stats)
        return result

    def close(self):
        """Frees the session."""
        self._session.close()


def main():
    """Profiles the step of the command line."""
    parser = our_parser(__doc__)
    parser.set_defaults(steps=3)
    parser.add_argument('--top', type=positive, default=15, help='ops to list')
    request = parse_ours(parser)
    sessions = []

    def wrap(session):
        sessions.append(TracedSession(session))
        return sessions[0]

    with open_step(request, wrap) as step:
        timing = time_steps(step, request.steps)
    ops = op_milliseconds(sessions[0].traces[1:])
    kinds = collections.Counter()
    for (kind, _), milliseconds in ops.items():
        kinds[kind] += milliseconds
    result = dict(vars(request), **spread(timing.seconds))
    print(f'a step, traced: median {1000 * result["median_seconds"]:.1f} ms; ops: {sum(ops.values()):.1f} ms')
    top = [(kind, name, milliseconds) for (kind, name), milliseconds in ops.most_common(request.top)]
    for kind, name, milliseconds in top:
        print(f'{milliseconds:10.2f} ms  {kind:<28} {name}')
    print('by kind:')
    for kind, milliseconds in kinds.most_common(request.top):
        print(f'{milliseconds:10.2f} ms  {kind}')
    print_result(dict(result, ops=top, kinds=dict(kinds), device=tensorflow_device(tf)), tensorflow=tf.version.VERSION)


def op_milliseconds(traces):
    """Counter {(kind of op, name): milliseconds a step}. Of a GPU, its kernels' times."""
    times = collections.Counter()
    for trace in traces:
        streams = [device for device in trace.dev_stats if device.device.endswith('stream:all')]
        on_host = [device for device in trace.dev_stats if '/stream:' not in device.device and not (
            streams and 'gpu' in device.device.lower())]
        for device in streams + on_host:
            for node in device.node_stats:
                duration = node.op_end_rel_micros - node.op_start_rel_micros
                times[kind_of(node), node.node_name.split(':')[0]] += duration / 1000 / len(traces)
    return times


def kind_of(node):
    """Conv2D of a label such as 'conv1 = Conv2D(images, kernel)'; of a GPU's kernel 'conv1:Conv2D'."""
    match = re.match(r'.* = (\w+)\(', node.timeline_label)
    if match:
        return match.group(1)
    return node.node_name.rpartition(':')[2]


if __name__ == '__main__':
    main()
