"""How workers meet, here as threads of one process: who is let in, and what is said to whom."""
import contextlib
import socket
import threading

import pytest

from fcn8s.cluster.meeting import free_port, meet
from fcn8s.cluster.place import ALONE, Place
from fcn8s.utils.errors import UserError

FACTS = {'TensorFlow': '2.21.0', '--seed': '0'}


class Meeting:
    """Workers that meet at a free port, each in a thread."""

    def __init__(self):
        self.address = ('127.0.0.1', free_port())
        self.results, self._threads = {}, []

    def start(self, rank, size, facts=FACTS, timeout=10., name=None):
        """Lets a worker come; what becomes of it is results[name]: a Team or a UserError."""
        place = Place(rank, size, self.address, (None, 0), 'the test')

        def come():
            try:
                self.results[rank if name is None else name] = meet(place, facts, timeout, 10.)
            except UserError as error:
                self.results[rank if name is None else name] = error
        self._threads.append(threading.Thread(target=come))
        self._threads[-1].start()

    def wait(self):
        """The results, once all have met or given up."""
        for thread in self._threads:
            thread.join()
        return self.results


@pytest.fixture
def meeting():
    return Meeting()


def in_threads(function, teams):
    """[function(team) of each team], called at the same time."""
    results = {}

    def call(team):
        with team:
            results[team.rank] = function(team)
    threads = [threading.Thread(target=call, args=(team,)) for team in teams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return [results[rank] for rank in range(len(teams))]


def test_all_learn_all_addresses(meeting):
    for rank in (2, 0, 1):
        meeting.start(rank, 3)
    teams = meeting.wait()
    assert [teams[rank].rank for rank in range(3)] == [0, 1, 2]
    assert teams[0].addresses == teams[1].addresses == teams[2].addresses and len(set(teams[0].addresses)) == 3


def test_values_are_gathered_in_the_order_of_ranks(meeting):
    for rank in range(3):
        meeting.start(rank, 3)
    teams = meeting.wait()
    assert in_threads(lambda team: [team.gather({'rank': team.rank}), team.agreed(team.rank + 7)], teams.values()) == [
        [[{'rank': 0}, {'rank': 1}, {'rank': 2}], 7]] * 3


def test_alone_there_is_nobody_to_meet():
    with meet(ALONE, FACTS, 1., 1.) as team:
        assert team.gather('x') == ['x'] and team.share_of([1, 2]) == [1, 2]


def test_shares_follow_each_other(meeting):
    for rank in range(2):
        meeting.start(rank, 2)
    teams = meeting.wait()
    assert [teams[rank].share_of([1, 2, 3]) for rank in range(2)] == [[1], [2, 3]]


def test_other_facts_are_refused_on_both_sides(meeting):
    meeting.start(0, 2)
    meeting.start(1, 2, dict(FACTS, TensorFlow='1.15.5'))
    for error in meeting.wait().values():
        assert 'TensorFlow differs: 1.15.5 in worker 1 at 127.0.0.1' in str(error)
        assert '2.21.0 in worker 0 at 127.0.0.1' in str(error)


def test_worker_that_does_not_come_is_named(meeting):
    meeting.start(0, 3, timeout=1.)
    meeting.start(1, 3)
    for error in meeting.wait().values():
        assert 'worker 2 of 3 did not come' in str(error) and 'within 1 s' in str(error)


def test_worker_0_that_cannot_be_reached_is_named(meeting):
    meeting.start(1, 2, timeout=0.5)
    assert f'could not reach worker 0 at 127.0.0.1:{meeting.address[1]} within 0.5 s' in str(meeting.wait()[1])


def test_another_number_of_workers_is_refused(meeting):
    meeting.start(0, 2)
    meeting.start(1, 3)
    assert all('one of 3' in str(error) and 'one of 2' in str(error) for error in meeting.wait().values())


def test_a_rank_is_given_once(meeting):
    meeting.start(0, 3, timeout=5.)
    meeting.start(1, 3, name='one')
    meeting.start(1, 3, name='other')
    assert all('two workers call themselves worker 1' in str(error) for error in meeting.wait().values())


def test_address_that_is_taken_is_named(meeting):
    with contextlib.closing(socket.socket()) as other:
        other.bind(meeting.address)
        other.listen(1)
        meeting.start(0, 2, timeout=1.)
        assert f'cannot listen at 127.0.0.1:{meeting.address[1]}' in str(meeting.wait()[0])


def test_stranger_is_ignored(meeting):
    meeting.start(0, 2)
    while True:
        with contextlib.suppress(OSError):
            stranger = socket.create_connection(meeting.address, 1)
            break
    stranger.sendall(b'GET / HTTP/1.0\r\n\r\n')
    meeting.start(1, 2)
    assert [team.size for team in meeting.wait().values()] == [2, 2]
    stranger.close()
