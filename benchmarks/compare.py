"""How does a step of the project's compare with the same net written plainly, in TensorFlow 1, PyTorch and OpenVINO?

    python benchmarks/compare.py --mode=infer --python37=.venv37/bin/python --torch_python=/path/of/python
    python benchmarks/compare.py --mode=train --height=256 --width=256 --batch_size=2 --precision=bfloat16
    python benchmarks/compare.py --net=resnet50dilated_ppm_deepsup --height=480 --width=640 --torch_python=PATH

The peers are fcn8s; beside a net of mit-semseg runs that package, for prediction at full width.
Each runs in a process of its own, and they take turns for --rounds rounds, so that a busy machine disturbs all alike;
a peer's ratio is the median over the rounds of its time over ours. The project runs in --precision, its peers in that
and in float32; with auto in bfloat16 too, where the machine computes in it. The last line is JSON.
"""
import collections
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks.measure import last_json, parse, positive, print_result, request_parser
from fcn8s.devices import resolve_precision

HERE = os.path.dirname(os.path.abspath(__file__))
ASKED = ('mode', 'net', 'height', 'width', 'batch_size', 'steps', 'num_classes', 'net_width', 'threads')
SEMSEG_ENDINGS = ('_deepsup', '_upernet')  # of the rows of mit-semseg
OURS, PLAIN = 'step.py', os.path.join('peers', 'tf1_step.py')

Contestant = collections.namedtuple('Contestant', 'name python script precision')


def main():
    """Runs the rounds and prints the table."""
    parser = request_parser(__doc__, auto_precision=True, xla=True)
    parser.add_argument('--rounds', type=positive, default=3)
    parser.add_argument('--python37', help='a Python with TensorFlow 1.15')
    parser.add_argument('--torch_python', help='a Python with torch, and mit_semseg for its nets')
    parser.add_argument('--openvino_python', help='a Python with torch and openvino; for prediction only')
    request = parse(parser)
    if request.net != 'fcn8s' and not request.net.endswith(SEMSEG_ENDINGS):
        parser.error('the peers are fcn8s and the nets of mit-semseg')
    if request.net != 'fcn8s' and (request.mode, request.net_width) != ('infer', 1.):
        parser.error('mit-semseg is a peer for --mode=infer at full width')
    results, failures, turns = collections.OrderedDict(), {}, contestants(request)
    for round_number in range(1, request.rounds + 1):
        for contestant in turns:
            if contestant.name in failures:
                continue
            result = run(contestant, request)
            if 'error' in result:
                failures[contestant.name] = result['error']
            else:
                results.setdefault(contestant.name, []).append(result)
            print(f'round {round_number}, {contestant.name}: '
                  + result.get('error', '{:.4f} s'.format(result.get('median_seconds', 0.))), flush=True)
    table = summary(results, turns[0].name)
    print_table(table, failures)
    print_result(dict(vars(request), results=table, failures=failures))
    return int(turns[0].name in failures)


def contestants(request):
    """Ours first, then the peers whose Pythons are given."""
    precisions = peers_precisions(request.precision)
    found = [Contestant(f'ours {request.precision}', sys.executable, OURS, request.precision)]
    if request.net != 'fcn8s':
        return found + [Contestant(f'mit-semseg {precision}', request.torch_python,
                                   os.path.join('peers', 'semseg_step.py'), precision) for precision in precisions]
    found += [Contestant(f'plain TensorFlow {precision}', sys.executable, PLAIN, precision) for precision in precisions]
    if request.python37:  # whose TensorFlow computes on a CPU in float32 only
        found += [Contestant('ours, TensorFlow 1.15 float32', request.python37, OURS, 'float32'),
                  Contestant('plain TensorFlow 1.15 float32', request.python37, PLAIN, 'float32')]
    others = [('PyTorch', request.torch_python, 'torch_step.py')]
    if request.mode == 'infer':
        others.append(('OpenVINO', request.openvino_python, 'openvino_step.py'))
    return found + [Contestant(f'{name} {precision}', python, os.path.join('peers', script), precision)
                    for name, python, script in others if python for precision in precisions]


def peers_precisions(precision):
    """Those to run the peers in: list."""
    precision = resolve_precision(precision)
    return ['float32'] + [precision] * (precision != 'float32')


def run(contestant, request):
    """What a contestant's process printed as JSON, or {'error': its last words}."""
    flags = [f'--{name}={getattr(request, name)}' for name in ASKED] + [f'--precision={contestant.precision}']
    if contestant.script in (OURS, PLAIN):
        flags.append(f'--xla={request.xla}')
    command = [contestant.python, os.path.join(HERE, contestant.script)] + flags
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        return {'error': str(error)}
    try:
        return last_json(done.stdout)
    except (IndexError, json.JSONDecodeError):
        return {'error': (done.stderr.strip() or f'exit code {done.returncode}').splitlines()[-1]}


def summary(results, ours):
    """{name: figures over the rounds}; results: {name: what `run` returned, one a round}; ours: the name of ours."""
    table, ours = collections.OrderedDict(), [result['median_seconds'] for result in results.get(ours, ())]
    for name, rounds in results.items():
        medians = [result['median_seconds'] for result in rounds]
        table[name] = {
            'median_seconds': statistics.median(medians),
            'min_seconds': min(result['min_seconds'] for result in rounds),
            'max_seconds': max(result['max_seconds'] for result in rounds),
            'first_seconds': statistics.median(result['first_seconds'] for result in rounds),
            'cpu_seconds': statistics.median(result['cpu_seconds'] for result in rounds),
            'peak_rss_mb': max(result['peak_rss_mb'] for result in rounds),
            'device': rounds[0]['device'], 'precision': rounds[0]['precision'], 'versions': rounds[0]['versions'],
            'over_ours': statistics.median(a / b for a, b in zip(medians, ours)) if ours else None}
    return table


def print_table(table, failures):
    """A line for each contestant, as Markdown."""
    print('\n| who | precision | device | median s | min | max | processor s | peak MB | over ours |')
    print(9 * '|---' + '|')
    for name, row in table.items():
        over = '-' if row['over_ours'] is None else f'{row["over_ours"]:.2f}'
        print('| {} | {precision} | {device} | {median_seconds:.4f} | {min_seconds:.4f} | {max_seconds:.4f} | '
              '{cpu_seconds:.4f} | {peak_rss_mb:.0f} | {} |'.format(name, over, **row))
    for name, error in failures.items():
        print(f'| {name} | - | - | {error} | | | | | |')


if __name__ == '__main__':
    sys.exit(main())
