"""The parts of the training loop: the step itself, the progress bar, saving, and the closing summary."""
import contextlib

from tqdm import tqdm

from fcn8s.training.log import debug_summaries
from fcn8s.utils.errors import UserError
from fcn8s.utils.lock import FolderLost
from fcn8s.utils.progress import progress
from fcn8s.utils.tf1 import tf
from fcn8s.weights.checkpoints import CheckpointError

SUMMARY_EVERY = 10  # steps between two points of TensorBoard's training curves
MAX_SKIPPED = 100   # consecutive skipped steps after which a run stops: the net will not recover


def is_due(step, every, last):
    """Whether `step` is a multiple of `every`, or the last one."""
    return step > 0 and (step % every == 0 or step == last)


class StepError(UserError):
    """A failed step: the variables in memory are not worth saving."""


class Stepper:
    """Runs single training steps and checks their results. skipped: how many steps were not finite."""

    def __init__(self, session, graph, skip_nonfinite, debug, data_dir):
        """graph: a TrainingGraph; debug: whether to fetch histograms; data_dir: to name in error messages."""
        self._session, self._graph, self._data_dir = session, graph, data_dir
        self._skip_nonfinite, self.skipped, self._skipped_in_a_row = skip_nonfinite, 0, 0
        self._debug = debug_summaries(graph.end_points, graph.gradients) if debug else None
        self._figures = {}
        session.graph.finalize()  # a loop that adds to the graph uses more memory with every step

    def step(self, step, batch, rates, stop):
        """Trains on a Batch, with learning rates of encoder and decoder; returns the latest figures, {name: number}.

        Several workers learn through it whether the StopSignal `stop` has reached any of them.

        'loss', in nats, is of this step. The figures of TrainingGraph.progress, and with debug the serialized
        'histograms', are updated by the first call and every SUMMARY_EVERY steps.
        Raises StepError if memory runs out, and if a step is not finite, unless such steps are skipped.
        """
        graph = self._graph
        fetches = {'loss': graph.loss, 'finite': graph.finite, 'train': graph.train}
        if not self._figures or step % SUMMARY_EVERY == 0:
            fetches['progress'] = graph.progress
            if self._debug is not None:
                fetches['histograms'] = self._debug
        feed = {graph.images: batch.images, graph.annotations: batch.annotations,
                graph.encoder_rate: rates[0], graph.decoder_rate: rates[1]}
        if graph.stop:
            feed[graph.stop[0]], fetches['stops'] = float(stop.heard is not None), graph.stop[1]
        try:
            got = self._session.run(fetches, feed)
        except tf.errors.ResourceExhaustedError:
            raise StepError(f'memory ran out at step {step} on a batch of {batch.images.shape[:3]}. Use a smaller '
                            '--batch_size or --width.')
        stop.agree(got.get('stops'))
        self._check_finite(got, step, batch, rates)
        self._figures.update(got.get('progress', {}), loss=got['loss'], steps_skipped=self.skipped,
                             encoder_rate=rates[0], decoder_rate=rates[1])
        self._figures['histograms'] = got.get('histograms')
        return self._figures

    def _check_finite(self, got, step, batch, rates):
        self._skipped_in_a_row = 0 if got['finite'] else self._skipped_in_a_row + 1
        if got['finite']:
            return
        files = ', '.join(record.image for record in batch.records)
        found = (f'the loss or its gradient is not finite at step {step} (loss {got["loss"]}, learning rate '
                 f'{" and ".join(f"{rate:g}" for rate in sorted(set(rates)))}, batch {files})')
        if not self._skip_nonfinite or self._skipped_in_a_row == MAX_SKIPPED:
            again = f', as in the {MAX_SKIPPED - 1} steps before it' if self._skip_nonfinite else ''
            raise StepError(f'{found}{again}. The step was not applied, and the last checkpoint is unchanged. Try '
                            f'a lower --learning_rate, and check the data: python read_data.py {self._data_dir}')
        self.skipped += 1
        tqdm.write(f'skipped: {found}')


class ProgressBar:
    """The progress bar of a training run, which also reports photos that were left out. A context manager."""

    def __init__(self, step, max_steps, batch_size, bad):
        """bad: None, or the BadPhotos of the run."""
        self._batch_size, self._bad = batch_size, bad
        self._bar = progress(total=max_steps, initial=step, unit='step')

    def show(self, figures, waited_seconds):
        """Advances by one step. figures: as returned by Stepper.step; waited_seconds: for data, in total."""
        rate = (self._bar.format_dict['rate'] or 0.) * self._batch_size
        waiting = waited_seconds / max(self._bar.format_dict['elapsed'], 1e-9)
        skipped = f', {figures["steps_skipped"]} steps skipped' if figures['steps_skipped'] else ''
        self._bar.set_postfix_str(
            f'loss {figures["loss"]:.3f}, accuracy {figures["pixel_accuracy"]:.2f}, {figures["classes_predicted"]} '
            f'classes, {rate:.1f} images/s, {waiting:.0%} waiting{skipped}', refresh=False)
        self._bar.update()
        self.report_bad_photos()

    def report_bad_photos(self):
        """Prints the photos that were left out since the last call."""
        for line in self._bad.new_messages() if self._bad else ():
            self.write(line)

    def write(self, line):
        """Prints a line above the bar."""
        self._bar.write(line)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._bar.close()


class RunSaver:
    """Saves the state of a run: training.csv and a checkpoint, at most once per step."""

    def __init__(self, session, checkpoints, log, locked, step):
        """checkpoints: a CheckpointSaver; locked: logs_dir, a LockedFolder; step: the last one already saved."""
        self._session, self._checkpoints, self._log, self._locked = session, checkpoints, log, locked
        self.saved = step

    def save(self, step):
        """Saves a step, unless it is already saved. Raises CheckpointError, or FolderLost if logs_dir is gone."""
        if self.saved < step:
            self._locked.check()
            try:
                self._log.save_curve()
            finally:  # a curve that cannot be written must not cost the checkpoint
                self._checkpoints.save(self._session, step)
                self.saved = step

    def save_if_best(self, step, scored):
        """Saves best/ if a Scored has the best mean IU so far; returns whether it did. Raises as save does."""
        self._locked.check()
        return bool(scored.photos) and self._checkpoints.save_if_best(self._session, step, scored.mean_iu)

    @contextlib.contextmanager
    def save_on_exit(self, current_step, stop):
        """Saves when the block ends, also after an error, unless it is a StepError, CheckpointError or FolderLost.

        Adds to the message of a UserError what was saved. current_step: function that returns the step reached; stop:
        the StopSignal of the run.
        """
        try:
            yield
        except (StepError, CheckpointError, FolderLost):
            raise
        except UserError as error:
            raise UserError(f'{error} {self._save_after_error(current_step())}')
        except MemoryError:
            raise UserError('memory ran out beside the net. Use a smaller --batch_size. '
                            + self._save_after_error(current_step()))
        except OSError:  # the terminal or pipe that shows the progress is gone
            self._save_after_error(current_step())
            if stop.code is None:
                raise
        self.save(current_step())

    def _save_after_error(self, step):
        """Saves; returns a sentence that says whether that worked."""
        try:
            self.save(step)
        except (CheckpointError, FolderLost) as error:
            return str(error)
        if not step:
            return 'Nothing was trained yet.'
        return f'Everything up to step {step} is saved: the same command resumes there.'


@contextlib.contextmanager
def closing_summary(saver, stepper, bad, current_step, stop, locked):
    """Prints a summary when the block ends, for users who were not watching.

    If logs_dir is gone, which can cause any error, raises FolderLost instead of a UserError from the block.
    """
    try:
        yield
    except UserError:
        saved = f'it last saved step {saver.saved}' if saver.saved else 'it has saved nothing'
        locked.check(f' The run stops at step {current_step()}; {saved}. If the folder was moved, resume in its new '
                     'place with --logs_dir.')
        raise
    finally:
        with contextlib.suppress(OSError):  # the terminal may be gone
            for line in bad.summary() if bad else ():
                print(line)
            if stepper.skipped:
                print(f'{stepper.skipped} steps were skipped: their loss or gradient was not finite')
            if stop.code is not None and saver.saved == current_step():
                print(f'stopped at step {current_step()}, ' + (
                    'which is saved: the same command resumes here' if current_step()
                    else 'before the first one: there is nothing to save'))
