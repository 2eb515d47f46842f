"""How tensors are cut into the messages that workers send each other."""
from fcn8s.nets.all_sum import ALONE, all_sum, buckets


def test_small_tensors_share_a_message_and_large_ones_are_cut():
    assert buckets([2, 1, 5], 4) == [[(0, 0, 2), (1, 0, 1), (2, 0, 1)], [(2, 1, 5)]]


def test_empty_tensors_are_in_no_message():
    assert buckets([0, 3], 4) == [[(1, 0, 3)]]


def test_alone_a_sum_adds_no_op():
    tensors = [object()]
    assert all_sum(tensors, ALONE) == tensors
