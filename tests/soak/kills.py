"""Kills a training again and again, and holds what it ends with against a run that nobody killed.

    make soak                                             # 200 kills among the rest
    PYTHONPATH=.:tests python tests/soak/kills.py 200     # kills, and then perhaps a seed
"""
import collections
import os
import random
import signal
import sys
import tempfile
import time

import numpy as np
from processes import Script
from scripts import write_data_set
from tiny_net import TRAIN

from fcn8s.utils.tf1 import tf

STEPS_A_KILL = 12   # the run is this long, so that it does not end before the last kill
SAVE_EVERY, VALIDATE_EVERY = 3, 25
UNFINISHED = '.tempstate'

# kills: {moment: how many}; amid_save: kills that left a file half written
Killed = collections.namedtuple('Killed', 'kills amid_save')


def train(folder, logs, max_steps):
    """A training on its way."""
    return Script(folder, 'train', f'--data_dir={folder}/data', f'--logs_dir={folder}/{logs}', '--deterministic',
                  f'--save_every={SAVE_EVERY}', f'--validate_every={VALIDATE_EVERY}', f'--max_steps={max_steps}',
                  *TRAIN)


def kill_and_resume(folder, kills, seed=0):
    """Trains once without a stop and once with this many kills, in the folders whole/ and killed/; returns Killed."""
    write_data_set(os.path.join(folder, 'data'), training=5, size=(32, 32))
    max_steps = STEPS_A_KILL * kills
    assert train(folder, 'whole', max_steps).wait(seconds=600) == 0
    draw, counts, amid_save = random.Random(seed), collections.Counter(), 0
    logs = os.path.join(folder, 'killed')
    while sum(counts.values()) < kills:
        script = train(folder, 'killed', max_steps)
        moment = draw.choice(sorted(MOMENTS))
        MOMENTS[moment](logs, draw, script)
        script.send(signal.SIGKILL)
        assert script.wait() == -signal.SIGKILL, f'ended before kill {sum(counts.values())}: {script.shown}'
        counts[moment] += 1
        amid_save += any(UNFINISHED in name for name in names_in(logs))
    last = train(folder, 'killed', max_steps)
    assert last.wait(seconds=600) == 0, last.shown
    return Killed(dict(counts), amid_save)


def starting(logs, draw, script):
    """Anywhere from the start of the process to some steps."""
    pause(draw.uniform(0, 1.), logs, script)


def stepping(logs, draw, script):
    """After some steps."""
    saves(logs, draw.randint(1, 2), script)
    pause(draw.uniform(0, 0.15), logs, script)


def saving(logs, draw, script):
    """While a file is being written."""
    saves(logs, draw.randint(0, 2), script)
    wait_for(lambda: any(UNFINISHED in name for name in names_in(logs)), script)
    time.sleep(draw.choice([0, 0, draw.uniform(0, 0.01)]))


def removing(logs, draw, script):
    """While an old checkpoint is being removed: as soon as one index more than are kept is there."""
    wait_for(lambda: sum(name.endswith('.index') for name in os.listdir(logs)) > 5, script)
    time.sleep(draw.choice([0, draw.uniform(0, 0.002)]))


MOMENTS = {function.__name__: function for function in (starting, stepping, saving, removing)}


def saves(logs, count, script):
    """Waits for this many new checkpoints."""
    before = names_in(logs)
    wait_for(lambda: len([name for name in names_in(logs) - before if name.endswith('.index')]) >= count, script)


def pause(seconds, logs, script):
    """Waits so long, but not for more than a new checkpoint: the run must not end before the last kill."""
    before, end = names_in(logs), time.time() + seconds
    wait_for(lambda: time.time() > end or [name for name in names_in(logs) - before if name.endswith('.index')], script)


def wait_for(condition, script, seconds=20):
    """Returns when condition() holds, the script has ended or time is up: then another moment is as good."""
    end = time.time() + seconds
    while script.is_running() and time.time() < end and not condition():
        time.sleep(0.0002)


def names_in(logs):
    """Names of the files in logs and logs/best."""
    folders = [folder for folder in (logs, os.path.join(logs, 'best')) if os.path.isdir(folder)]
    return {name for folder in folders for name in os.listdir(folder)}


def differences(folder):
    """What killed/ has other than whole/, as a list of sentences: files, weights bit for bit, validations, the best."""
    whole, killed = (os.path.join(folder, name) for name in ('whole', 'killed'))
    found = [f'{name} is in one of the folders only' for name in sorted(names_in(whole) ^ names_in(killed))]
    for part in ('', 'best'):
        one, other = (arrays(os.path.join(logs, part)) for logs in (whole, killed))
        found += [f'{part} {name} differs' for name in sorted(one)
                  if name not in other or one[name].tobytes() != other[name].tobytes()]
    for name in ('training.csv', 'validation.csv', os.path.join('best', 'score.json')):
        texts = []
        for logs in (whole, killed):
            with open(os.path.join(logs, name)) as file:
                texts.append(file.read())
        if texts[0] != texts[1]:
            found.append(f'{name} differs:\n{texts[0]}\n{texts[1]}')
    return found


def arrays(folder):
    """{name: array} of the last checkpoint in a folder."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder))
    return {name: np.asarray(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()}


def main(kills, seed=0):
    """Returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.time()
        killed = kill_and_resume(folder, kills, seed)
        found = differences(folder)
    print(f'{kills} kills in {time.time() - start:.0f} s: {killed.kills}, {killed.amid_save} with a file half written')
    print('\n'.join(found) or 'the weights, validations and the best are those of the run that nobody killed')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(*map(int, sys.argv[1:])))
