"""Memory of long runs: after thousands of steps or photos it is what it was after some hundreds.

    make soak                                              # 2,000 steps and 2,000 photos among the rest
    PYTHONPATH=.:tests python tests/soak/memory.py 2000
"""
import os
import re
import shutil
import sys
import tempfile

from processes import Script
from scripts import write_data_set
from tiny_net import TRAIN

SETTLED = 200    # steps or photos after which memory should not grow
TOLERANCE = 0.05
THIN = ('--net=fcn8s', '--width=0.0625')


def train(folder, steps, *arguments):
    """[(step, bytes of memory)] of a training, every 100 steps, with validations and saves on the way."""
    data_dir = write_data_set(os.path.join(folder, 'data'), size=(32, 32))
    script = Script(folder, 'train', f'--data_dir={data_dir}', f'--logs_dir={folder}/logs', f'--max_steps={steps + 1}',
                    '--save_every=50', '--validate_every=50', *(TRAIN + arguments), before=tell_in_training)
    return told(script)


def infer(folder, photos):
    """[(photo, bytes of memory)] of an inference of so many photos with what train() left, every 100 photos."""
    images = os.path.join(folder, 'photos')
    os.makedirs(images)
    for number in range(photos + 1):
        shutil.copy(os.path.join(folder, 'data', 'images', 'training', f'p{number % 4}.png'),
                    os.path.join(images, f'{number}.png'))
    return told(Script(folder, 'infer', f'--logs_dir={folder}/logs', f'--output_dir={folder}/output', images,
                       before=tell_in_inference))


def growth(memory):
    """The relative growth after SETTLED."""
    at = dict(memory)
    return at[max(at)] / at[SETTLED] - 1


def told(script):
    assert script.wait(seconds=3600) == 0, script.shown
    return [(int(number), int(size)) for number, size in re.findall(r'memory at (\d+): (\d+)', script.shown)]


def tell_in_training():
    """Has the training say its memory at every hundredth step."""
    from runs.log import TrainingLog
    training = TrainingLog.training

    def telling(log, step, figures):
        training(log, step, figures)
        tell(step)
    TrainingLog.training = telling


def tell_in_inference():
    """Has the inference say its memory at every hundredth photo."""
    from segmenter import Segmenter
    predict, count = Segmenter.predict, [0]

    def telling(segmenter, *arguments, **options):
        count[0] += 1
        tell(count[0])
        return predict(segmenter, *arguments, **options)
    Segmenter.predict = telling


def tell(number):
    """Prints the resident memory of this process."""
    if number % 100 == 0:
        with open('/proc/self/statm') as file:
            pages = int(file.read().split()[1])
        print(f'memory at {number}: {pages * os.sysconf("SC_PAGE_SIZE")}', flush=True)


def main(count):
    """Returns the exit code."""
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for what, memory in (('steps', train(folder, int(count), *THIN)), ('photos', infer(folder, int(count)))):
            print(f'{what}: ' + ', '.join(f'{number}: {size >> 20} MB' for number, size in memory[1::3]))
            print(f'{what}: {growth(memory):+.1%} after {SETTLED}')
            worst = max(worst, growth(memory))
    return int(worst > TOLERANCE)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
