"""TensorBoard's event files, written so that a failure is heard."""
import contextlib
import os
import socket
import time

from tqdm import tqdm

from files.folders import make_folder
from TensorflowUtils import tf


class EventFile:
    """A new event file in a folder, to be closed; an event is on the disk when add() returns.

    tf.summary.FileWriter is not used, for it loses events on a full disk without a word. Here the first failure is
    told, and that is the file's end: curves are no reason to stop a training.
    """

    def __init__(self, folder, first_step):
        """first_step: TensorBoard drops what earlier files of the folder hold from this step on."""
        make_folder(folder)
        self.path = os.path.join(folder, f'events.out.tfevents.{time.time():.6f}.{socket.gethostname()}')
        self._writer = None
        with self._failure_told():
            self._writer = tf.io.TFRecordWriter(self.path)
        self._write(file_version='brain.Event:2')
        self._write(session_log=tf.SessionLog(status=tf.SessionLog.START), step=first_step)

    def add(self, step, summary):
        """summary: a tf.Summary, or one serialized."""
        self._write(summary=tf.Summary.FromString(summary) if isinstance(summary, bytes) else summary, step=step)

    def close(self):
        """Closes the file."""
        if self._writer is not None:
            with self._failure_told():
                self._writer.close()

    def _write(self, **fields):
        if self._writer is not None:
            with self._failure_told():
                self._writer.write(tf.Event(wall_time=time.time(), **fields).SerializeToString())
                self._writer.flush()

    @contextlib.contextmanager
    def _failure_told(self):
        try:
            yield
        except tf.errors.OpError as error:
            self._writer = None
            tqdm.write(f'warning: {self.path} cannot be written: {error.message}. TensorBoard will show nothing '
                       'further of this run; validation.csv and the checkpoints are not affected')
