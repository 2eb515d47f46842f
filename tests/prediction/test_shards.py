"""Which part of the photos a process takes: --shard and the schedulers' environment variables."""
import pytest

from fcn8s.prediction.shards import choose_shard
from fcn8s.utils.errors import UsageError

ARRAY = {'SLURM_JOB_ID': '9', 'SLURM_ARRAY_TASK_ID': '14', 'SLURM_ARRAY_TASK_MIN': '10', 'SLURM_ARRAY_TASK_COUNT': '4',
         'SLURM_ARRAY_TASK_STEP': '2'}
SRUN = {'SLURM_JOB_ID': '9', 'SLURM_STEP_ID': '0', 'SLURM_PROCID': '1', 'SLURM_NTASKS': '3'}


def part(text, environment=None):
    shard = choose_shard(text, environment or {})
    return shard.index, shard.count


def test_shard_by_hand_counts_from_one():
    assert part('2/8') == (1, 8)


@pytest.mark.parametrize('shard', ['0/4', '5/4', '2', '1/0', 'a/b', '1/2/3', '-1/2', 'auto/', 'auto/x', 'auto/0', ''])
def test_wrong_shard_is_refused(shard):
    with pytest.raises(UsageError, match='--shard=' + shard):
        choose_shard(shard, {'JOB_COMPLETION_INDEX': '0'})


def test_without_a_scheduler_there_is_one_shard():
    assert part('auto') == (0, 1)


def test_slurm_array_may_start_anywhere_and_have_a_step():
    assert part('auto', ARRAY) == (2, 4)


def test_slurm_array_with_gaps_is_refused():
    with pytest.raises(UsageError, match='SLURM_ARRAY_TASK_ID=13 is not one of 4 tasks from 10 in steps of 2'):
        choose_shard('auto', dict(ARRAY, SLURM_ARRAY_TASK_ID='13'))


def test_srun_tasks_are_shards():
    assert part('auto', SRUN) == (1, 3)


def test_srun_inside_an_array_divides_each_task():
    assert part('auto', dict(ARRAY, **SRUN)) == (2 * 3 + 1, 12)


@pytest.mark.parametrize('step', [{}, {'SLURM_STEP_ID': '4294967291'}])
def test_batch_script_itself_takes_everything(step):
    assert part('auto', dict({'SLURM_JOB_ID': '9', 'SLURM_PROCID': '0', 'SLURM_NTASKS': '3'}, **step)) == (0, 1)


def test_kubernetes_job_gives_the_index_alone():
    assert part('auto/5', {'JOB_COMPLETION_INDEX': '4'}) == (4, 5)


def test_kubernetes_job_without_a_count_takes_everything_with_a_note(capsys):
    assert part('auto', {'JOB_COMPLETION_INDEX': '4'}) == (0, 1)
    assert '--shard=auto/N' in capsys.readouterr().out


def test_index_beyond_the_count_is_refused():
    with pytest.raises(UsageError, match='--shard=auto/4: .*JOB_COMPLETION_INDEX=4'):
        choose_shard('auto/4', {'JOB_COMPLETION_INDEX': '4'})


def test_count_without_a_scheduler_is_refused():
    with pytest.raises(UsageError, match='--shard=auto/4: none of JOB_COMPLETION_INDEX'):
        choose_shard('auto/4', {})


def test_shard_by_hand_overrules_the_scheduler():
    assert part('1/1', ARRAY) == (0, 1)


def test_variable_that_is_no_number_is_named():
    with pytest.raises(UsageError, match="SLURM_PROCID is 'x'"):
        choose_shard('auto', dict(SRUN, SLURM_PROCID='x'))
