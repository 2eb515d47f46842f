"""How the workers of a cluster meet, over plain sockets, before TensorFlow's servers start.

Worker 0 listens at the meeting address. Each other worker tells what it is about to train, and where its TensorFlow
will listen; worker 0 compares, and answers with the addresses of all. The connections stay open: see team.py.
TensorFlow itself would wait for ever for a worker that never comes.
"""
import contextlib
import ipaddress
import socket
import time

from fcn8s.cluster.messages import Channel, Lost
from fcn8s.cluster.team import Team
from fcn8s.utils.errors import UserError

RETRY = 0.2     # seconds between two tries to reach worker 0
GREETING = 10   # seconds that a connection has to say who it is


def meet(place, facts, meeting_timeout, worker_timeout):
    """The Team of a Place, once all workers are there; waits up to meeting_timeout seconds for them.

    facts: {name: text} that must be the same in all workers. worker_timeout: see Team.
    Raises UserError that names both sides if facts differ, who did not come, or who could not be reached.
    """
    if place.size == 1:
        return Team(place, [], {})
    end = time.monotonic() + meeting_timeout
    if place.rank == 0:
        channels, addresses = _gather(place, facts, end, meeting_timeout)
    else:
        channels, addresses = _come(place, facts, end, meeting_timeout)
    for channel in channels.values():
        channel.socket.settimeout(worker_timeout)
    return Team(place, addresses, channels, worker_timeout)


def _gather(place, facts, end, seconds):
    """Worker 0's side: ({rank: Channel} of the others, addresses by rank)."""
    addresses, channels = {0: _own_address(place, place.meeting[0])}, {}
    with contextlib.closing(_listen(place.meeting)) as listener:
        while len(channels) < place.size - 1:
            listener.settimeout(max(0.01, end - time.monotonic()))
            try:
                connected, _ = listener.accept()
            except socket.timeout:
                missing = sorted(set(range(1, place.size)) - set(channels))
                wrong = (f'{_names(missing)} of {place.size} did not come to worker 0 at {_shown(place.meeting)} '
                         f'within {seconds:g} s. Start all workers, or give more --meeting_timeout.')
                raise _refuse(channels, wrong)
            channel = Channel(connected, GREETING)
            try:
                hello = channel.receive()
            except Lost:  # a port scanner, or a worker that was stopped
                channel.close()
                continue
            wrong = _problem(place, facts, hello, channels)
            if wrong:
                raise _refuse(dict(channels, new=channel), wrong)
            channels[hello['rank']], addresses[hello['rank']] = channel, hello['address']
    addresses = [addresses[rank] for rank in range(place.size)]
    for rank, channel in channels.items():
        try:
            channel.send(addresses=addresses)
        except Lost as lost:
            raise _refuse(channels, f'worker {rank} at {addresses[rank]} {lost} before the first step.')
    return channels, addresses


def _come(place, facts, end, seconds):
    """Another worker's side: the same, with worker 0 alone in the dict."""
    while True:
        try:
            connected = socket.create_connection(place.meeting, timeout=max(0.1, end - time.monotonic()))
            break
        except OSError as error:
            if time.monotonic() + RETRY > end:
                raise UserError(f'worker {place.rank} could not reach worker 0 at {_shown(place.meeting)} within '
                                f'{seconds:g} s ({error.strerror or error}). Start it, check that the address is '
                                "right and no firewall is between, or give more --meeting_timeout.")
            time.sleep(RETRY)
    channel = Channel(connected, max(GREETING, end - time.monotonic() + GREETING))
    try:
        channel.send(rank=place.rank, size=place.size, facts=facts,
                     address=_own_address(place, connected.getsockname()[0]))
        answer = channel.receive()
    except Lost as lost:
        raise UserError(f'worker 0 at {_shown(place.meeting)} {lost} before all workers were there. Its own message '
                        'says why; start all workers again.')
    if 'addresses' not in answer:
        raise UserError(str(answer.get('wrong')))
    return {0: channel}, answer['addresses']


def _problem(place, facts, hello, channels):
    """What is wrong with a worker's hello, naming both sides; None if nothing is."""
    rank, address = hello.get('rank'), hello.get('address')
    if hello.get('size') != place.size or rank not in range(1, place.size):
        return (f'worker {rank} at {address} takes itself for one of {hello.get("size")}, worker 0 at '
                f'{_shown(place.meeting)} for one of {place.size}. Start all with the same number.')
    if rank in channels:
        return f'two workers call themselves worker {rank}; one is at {address}. Give each its own rank.'
    theirs = hello.get('facts') or {}
    for name in list(facts) + [name for name in theirs if name not in facts]:
        if facts.get(name) != theirs.get(name):
            return (f'{name} differs: {theirs.get(name)} in worker {rank} at {address}, {facts.get(name)} in worker 0 '
                    f'at {_shown(place.meeting)}. All workers must train the same.')
    return None


def _refuse(channels, wrong):
    """Tells all who came what is wrong; returns it as a UserError."""
    for channel in channels.values():
        with contextlib.suppress(Lost):
            channel.send(wrong=wrong)
        channel.close()
    return UserError(wrong)


def _listen(address):
    """A socket that listens at (host, port)."""
    try:
        family, _, _, _, found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
        if ipaddress.ip_address(found[0]).is_loopback and not _says_loopback(address[0]):
            found = ('', address[1])  # Debian gives a host's own name to 127.0.1.1, where no other host reaches it
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(found)
        listener.listen(128)
        return listener
    except OSError as error:
        raise UserError(f'worker 0 cannot listen at {_shown(address)}: {error.strerror or error}. Is another training '
                        'on that port, or the address not that of this computer?')


def _says_loopback(host):
    return host == 'localhost' or host.startswith('127.') or host == '::1'


def _own_address(place, host):
    """host:port for this worker's TensorFlow: as it was given, or this host and a free port."""
    return _shown((place.own[0] or host, place.own[1] or free_port()))


def free_port():
    """A TCP port that nobody uses now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(('', 0))
        return probe.getsockname()[1]


def _shown(address):
    host, port = address
    return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'


def _names(ranks):
    return f'worker{"s" if len(ranks) > 1 else ""} {", ".join(map(str, ranks))}'
