"""The place of a worker, as its starter's environment variables give it."""
import json

import pytest

from fcn8s.cluster.place import ALONE, expand_hosts, find_place
from fcn8s.utils.errors import UsageError


def tf_config(task, index, **cluster):
    return {'TF_CONFIG': json.dumps({'cluster': cluster, 'task': {'type': task, 'index': index}})}


def slurm(**more):
    return dict({'SLURM_PROCID': '3', 'SLURM_NTASKS': '4', 'SLURM_STEP_NODELIST': 'node[07-08]', 'SLURM_JOB_ID': '100',
                 'SLURM_STEP_ID': '0'}, **more)


def torchrun(**more):
    return dict({'RANK': '1', 'WORLD_SIZE': '2', 'MASTER_ADDR': '10.0.0.1', 'MASTER_PORT': '2222'}, **more)


def test_nothing_said_is_alone():
    assert find_place({}) == ALONE


def test_chief_comes_before_the_workers():
    place = find_place(tf_config('worker', 1, chief=['a:1'], worker=['b:2', 'c:3']))
    assert place[:4] == (2, 3, ('a', 1), ('c', 3))


def test_worker_0_is_met_at_its_address():
    assert find_place(tf_config('worker', 0, worker=['[fe80::1]:5', 'b:2']))[:3] == (0, 2, ('fe80::1', 5))


@pytest.mark.parametrize('config', [tf_config('worker', 0, worker=['a:1']), tf_config('worker', 0), {'TF_CONFIG': '{}'},
                                    torchrun(RANK='0', WORLD_SIZE='1'), slurm(SLURM_PROCID='0', SLURM_NTASKS='1')])
def test_one_worker_is_alone(config):
    assert find_place(config) == ALONE


def test_torchruns_words():
    assert find_place(torchrun())[:4] == (1, 2, ('10.0.0.1', 2222), (None, 0))


def test_srun_meets_on_the_first_node():
    place = find_place(slurm())
    assert place[:2] == (3, 4) and place.meeting[0] == 'node07' and 20000 <= place.meeting[1] < 32000


def test_steps_of_one_job_meet_at_different_ports():
    assert find_place(slurm()).meeting != find_place(slurm(SLURM_STEP_ID='1')).meeting


@pytest.mark.parametrize('step', ['batch', '4294967291'])
def test_batch_script_itself_is_no_task(step):
    assert find_place(slurm(SLURM_STEP_ID=step)) == ALONE


@pytest.mark.parametrize('environment, message', [
    ({'TF_CONFIG': '{'}, 'cannot be read'),
    ({'TF_CONFIG': '[]'}, 'cannot be read'),
    (tf_config('worker', 2, worker=['a:1', 'b:2']), 'worker 2, but its cluster has worker 0, worker 1'),
    (tf_config('worker', 0, worker=['a:1', 'b:2'], ps=['c:3']), "'ps'"),
    (tf_config('worker', 0, worker=['a', 'b:2']), "'a': expected host:port"),
    (torchrun(RANK='2'), 'worker 2 of 2'),
    (torchrun(RANK='x'), "RANK is 'x'"),
    (torchrun(MASTER_PORT='70000'), '70000'),
    ({'RANK': '0', 'WORLD_SIZE': '2'}, 'MASTER_ADDR is not'),
    (slurm(SLURM_STEP_NODELIST='node[a-b]'), r'\[a-b\]')])
def test_bad_variables_are_named(environment, message):
    with pytest.raises(UsageError, match=message):
        find_place(environment)


@pytest.mark.parametrize('text, hosts', [
    ('one', ['one']),
    ('node[01-03,7]', ['node01', 'node02', 'node03', 'node7']),
    ('login,n[9-10]-ib,x', ['login', 'n9-ib', 'n10-ib', 'x']),
    ('r[1-2]n[3-4]', ['r1n3', 'r1n4', 'r2n3', 'r2n4'])])
def test_host_lists_of_slurm(text, hosts):
    assert expand_hosts(text) == hosts
