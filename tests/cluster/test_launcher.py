"""Several workers on one computer."""
import pytest

from fcn8s.cluster.launcher import launch, without_workers, worst


@pytest.mark.parametrize('codes, expected', [([0, 0], 0), ([0, 75], 75), ([75, 1], 1), ([75, -9], 137),
                                             ([130, 143], 143)])
def test_the_code_that_says_most(codes, expected):
    assert worst(codes) == expected


@pytest.mark.parametrize('arguments', [['--workers=2'], ['--workers', '2'], ['-workers=2']])
def test_workers_do_not_launch_workers(arguments):
    assert without_workers(['--net=fcn8s'] + arguments + ['--flip=1']) == ['--net=fcn8s', '--flip=1']


def test_each_line_has_its_rank_and_each_process_its_place(tmp_path, capfd):
    script = tmp_path / 'script.py'
    script.write_text('import os, sys\nrank = os.environ["RANK"]\n'
                      'print("one of", os.environ["WORLD_SIZE"], *sys.argv[1:])\nsys.exit(3 if rank == "1" else 0)\n')
    assert launch(2, [str(script), '--workers=2', '--x'], 1) == 3
    assert sorted(capfd.readouterr().out.splitlines()) == ['[0] one of 2 --x', '[1] one of 2 --x']
