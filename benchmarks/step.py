"""How long is a step of the project's own?

    python benchmarks/step.py                                                     prediction of one 512x704 photo
    python benchmarks/step.py --mode=train --height=256 --width=256 --batch_size=2 --precision=bfloat16

The last line is a JSON object: what was asked, seconds, memory, machine and versions.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks.measure import report_step, tensorflow_device, time_steps
from benchmarks.workloads import open_step, our_parser, parse_ours
from fcn8s.utils.tf1 import tf


def main():
    """Times the step of the command line."""
    request = parse_ours(our_parser(__doc__))
    with open_step(request) as step:
        report_step(request, time_steps(step, request.steps), tensorflow_device(tf), tensorflow=tf.version.VERSION)


if __name__ == '__main__':
    main()
