"""The workers once they have met: what they tell each other, and what happens if one is lost."""
import os
import queue
import sys
import threading
import time

from fcn8s.cluster.messages import Lost

# TensorFlow's errors when a worker is lost
_OF_CONNECTIONS = ('UnavailableError', 'AbortedError', 'CancelledError', 'DeadlineExceededError', 'InternalError')
LOST_WORKER = 75  # exit code, sysexits.h's EX_TEMPFAIL: start all workers again, and they resume


class Team:
    """The connections of worker 0 with each other worker: a context manager around the training.

    Every worker sends a sign of life several times within worker_timeout seconds. One that dies, as the closed
    connection shows, or is silent for so long, ends all others with the exit code LOST_WORKER and a message that says
    who is missing: TensorFlow's collectives would wait for ever. rank, size: as in a Place; addresses: of the workers'
    TensorFlow, by rank.
    """

    def __init__(self, place, addresses, channels, worker_timeout=60.):
        """channels: {rank: Channel}: worker 0 has all others, each other has worker 0."""
        self.rank, self.size, self.addresses = place.rank, place.size, addresses
        self._channels, self._timeout, self._ending = channels, worker_timeout, threading.Lock()
        self._values = {rank: queue.Queue() for rank in channels}
        self._done = {rank: threading.Event() for rank in channels}

    def __enter__(self):
        for rank in self._channels:
            threading.Thread(target=self._listen, args=(rank,), daemon=True).start()
        if self._channels:
            threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self._part()
        elif self.size > 1:
            if kind.__name__ in _OF_CONNECTIONS:  # a worker is lost, and its connection is about to show which
                time.sleep(self._timeout + 1)
            why = str(error).strip() or kind.__name__
            self._tell_all(lost=self.rank, why=f'ended: {why}')
        for channel in self._channels.values():
            channel.close()

    def gather(self, value):
        """[the value of worker 0, of worker 1, ...]; all workers call it at the same point. value: for JSON."""
        if self.size == 1:
            return [value]
        if self.rank:
            self._send(0, value=value)
            return self._values[0].get()
        values = [value] + [self._values[rank].get() for rank in range(1, self.size)]
        for rank in self._channels:
            self._send(rank, value=values)
        return values

    def agreed(self, value=None):
        """The value of worker 0, in all workers; those of the others do not matter."""
        return self.gather(value if self.rank == 0 else None)[0]

    def share_of(self, items):
        """This worker's part of a list: the parts of all workers follow each other."""
        return items[len(items) * self.rank // self.size:len(items) * (self.rank + 1) // self.size]

    def _part(self):
        """Leaves together: the others may rely on worker 0 having saved."""
        for rank in self._channels if self.rank == 0 else ():
            self._done[rank].wait()
        self._tell_all(done=True)
        if self.rank:
            self._done[0].wait()

    def _send(self, rank, **message):
        try:
            self._channels[rank].send(**message)
        except Lost as lost:
            time.sleep(1)  # the other side may have said more, which _listen is about to read
            self._leave(rank, str(lost))

    def _tell_all(self, **message):
        for channel in self._channels.values():
            try:
                channel.send(**message)
            except Lost:
                continue

    def _beat(self):
        while True:
            time.sleep(min(5., self._timeout / 4))
            for rank in self._channels:
                if not self._done[rank].is_set():
                    self._send(rank, beat=True)

    def _listen(self, rank):
        while not self._done[rank].is_set():
            try:
                message = self._channels[rank].receive()
            except Lost as lost:
                self._leave(rank, str(lost))
                return
            if 'value' in message:
                self._values[rank].put(message['value'])
            elif 'lost' in message:
                self._leave(message['lost'], message['why'])
            elif 'done' in message:
                self._done[rank].set()

    def _leave(self, rank, why):
        """Ends this process, and tells the others who is missing."""
        with self._ending:  # the first reason is the true one
            if rank in self._done and self._done[rank].is_set():
                return
            self._tell_all(lost=rank, why=why)
            message = (f'error: worker {rank} at {self.addresses[rank]} {why}\nworker {self.rank} leaves: start all '
                       'workers again, and they resume at the last checkpoint\n')
            try:
                sys.stdout.flush()
                sys.stderr.write(message)
                sys.stderr.flush()
            finally:
                os._exit(LOST_WORKER)
