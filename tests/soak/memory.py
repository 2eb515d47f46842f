"""Memory of long runs: after thousands of steps or photos it is what it was after some hundreds.

    make soak                                              # 2,000 steps and 2,000 photos among the rest
    PYTHONPATH=.:tests python tests/soak/memory.py 2000
"""
import ctypes
import gc
import os
import re
import shutil
import sys
import tempfile
from collections import namedtuple

from processes import Script
from scripts import write_data_set
from tiny_net import TRAIN

SETTLED = 200  # steps or photos after which memory should not grow
# resident: bytes, which vary with the gaps between what is in use; allocated: bytes in use of malloc;
# objects: blocks in use of Python's own allocator
Memory = namedtuple('Memory', 'resident allocated objects')
TOLERANCE = Memory(0.05, 0.005, 0.005)
THIN = ('--net=fcn8s', '--width=0.0625')


def train(folder, steps, *arguments):
    """{step: Memory} of a training, every 100 steps, with validations and saves on the way."""
    data_dir = write_data_set(os.path.join(folder, 'data'), size=(32, 32))
    script = Script(folder, 'train', f'--data_dir={data_dir}', f'--logs_dir={folder}/logs', f'--max_steps={steps + 1}',
                    '--save_every=50', '--validate_every=50', *(TRAIN + arguments), before=tell_in_training)
    return told(script)


def infer(folder, photos):
    """{photo: Memory} of an inference of so many photos with what train() left, every 100 photos."""
    images = os.path.join(folder, 'photos')
    os.makedirs(images)
    for number in range(photos + 1):
        shutil.copy(os.path.join(folder, 'data', 'images', 'training', f'p{number % 4}.png'),
                    os.path.join(images, f'{number}.png'))
    return told(Script(folder, 'infer', f'--logs_dir={folder}/logs', f'--output_dir={folder}/output', images,
                       before=tell_in_inference))


def growth(memory):
    """The Memory's relative growths from SETTLED to the end."""
    return Memory(*(last / first - 1 for first, last in zip(memory[SETTLED], memory[max(memory)])))


def told(script):
    assert script.wait(seconds=3600) == 0, script.shown
    return {int(number): Memory(*map(int, values.split()))
            for number, values in re.findall(r'memory at (\d+): ([\d ]+)', script.shown)}


def tell_in_training():
    """Has the training say its memory at every hundredth step."""
    from fcn8s.training.log import TrainingLog
    training = TrainingLog.training

    def telling(log, step, figures):
        training(log, step, figures)
        tell(step)
    TrainingLog.training = telling


def tell_in_inference():
    """Has the inference say its memory at every hundredth photo."""
    from fcn8s.prediction.segmenter import Segmenter
    predict, count = Segmenter.predict, [0]

    def telling(segmenter, photos):
        for _ in photos:
            count[0] += 1
            tell(count[0])
        return predict(segmenter, photos)
    Segmenter.predict = telling


class MallocInfo(ctypes.Structure):
    """glibc's struct mallinfo2."""
    _fields_ = [(name, ctypes.c_size_t) for name in (
        'arena', 'ordblks', 'smblks', 'hblks', 'hblkhd', 'usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost')]


def tell(number):
    """Prints this process's Memory, every hundredth time."""
    if number % 100 == 0:
        gc.collect()
        mallinfo2 = ctypes.CDLL(None).mallinfo2
        mallinfo2.restype = MallocInfo
        info = mallinfo2()
        with open('/proc/self/statm') as file:
            resident = int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
        memory = Memory(resident, info.uordblks + info.hblkhd, sys.getallocatedblocks())
        print(f'memory at {number}:', *memory, flush=True)


def main(count):
    """Returns the exit code."""
    if not hasattr(ctypes.CDLL(None), 'mallinfo2'):
        print('error: what is allocated can be asked of glibc from 2.33 on, and here is none such')
        return 1
    grown = False
    with tempfile.TemporaryDirectory() as folder:
        for what, memory in (('steps', train(folder, int(count), *THIN)), ('photos', infer(folder, int(count)))):
            print(f'{what}: ' + ', '.join(f'{at}: {memory[at].resident >> 20} MB' for at in list(memory)[1::3]))
            for name, value, most in zip(Memory._fields, growth(memory), TOLERANCE):
                print(f'{what}: {name} {value:+.2%} after {SETTLED}')
                grown |= value > most
    return int(grown)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
