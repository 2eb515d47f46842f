"""The loop of a training run: steps, and validation and checkpoints at their intervals."""
import contextlib

from fcn8s.training.log import debug_summaries
from fcn8s.training.validation import Validation, explain_empty
from fcn8s.utils.errors import UserError
from fcn8s.utils.lock import FolderLost
from fcn8s.utils.script import StopSignal
from fcn8s.utils.terminal import progress
from fcn8s.utils.tf1 import tf
from fcn8s.visualize import colour_image, side_by_side
from fcn8s.weights.checkpoints import CheckpointError

SUMMARY_EVERY = 10  # steps between two points of TensorBoard's training curves
PICTURES = 4        # photos of each validation that TensorBoard shows
MAX_SKIPPED = 100   # steps in a row: a net that gives no finite loss any more will not recover


class StepError(UserError):
    """A step that failed, so that the variables in memory are not worth saving."""


class Trainer:
    """Takes the steps of a run, and validates and saves at its intervals."""

    def __init__(self, session, graph, reader, validation, keeper, log, colours, schedule, options,
                 locked):
        """graph: a TrainingGraph; validation: Records; colours: of the classes, uint8 [N, 3]; schedule: of the
        learning rate; options: FCN_train's flags; locked: logs_dir, a LockedFolder.
        """
        self.session, self.graph, self.reader, self.locked = session, graph, reader, locked
        self.keeper, self.log, self.schedule, self.options = keeper, log, schedule, options
        self.validation, self.colours = Validation(session, graph, validation, options, reader.bad), colours
        self.debug = debug_summaries(graph.end_points, graph.gradients) if self.options.debug else None
        self.stop = StopSignal()
        self.skipped = self.skipped_in_a_row = 0
        session.graph.finalize()  # a loop that added to the graph would use more memory with every step

    def run(self, step):
        """Trains from `step` to options.max_steps or to a signal; returns the exit code.

        What was trained is saved before an error is raised, but for a StepError.
        """
        self.step = self.saved = step
        with self.stop:
            try:
                self.train_and_save()
            except UserError:
                saved = f'its last finished save was of step {self.saved}' if self.saved else 'it finished no save'
                self.locked.check(f' The run stops at step {self.step}; {saved}. If the folder was moved, go on in its '
                                  'new place: --logs_dir=PLACE.')  # which may be the cause of any error
                raise
            finally:
                with contextlib.suppress(OSError):
                    self.print_end()
        return self.stop.code or 0

    def train_and_save(self):
        """The loop, and a checkpoint at its end, however that came."""
        try:
            with progress(total=self.options.max_steps, initial=self.step, unit='step') as self.bar:
                self.train()
        except (StepError, CheckpointError, FolderLost):
            raise
        except UserError as error:
            raise UserError(f'{error} {self.save_after_all()}')
        except MemoryError:
            raise UserError(f'memory ran out beside the net. Use a smaller --batch_size. {self.save_after_all()}')
        except OSError:  # the terminal or pipe that shows the progress is gone
            self.save_after_all()
            if self.stop.code is None:
                raise
        self.save()

    def train(self):
        """The loop; self.step counts the steps taken since the run's very start."""
        options, shown = self.options, {}
        if self.is_validation_due() and not self.log.is_validated(self.step):
            self.validate()  # a stop came between the step's checkpoint and its validation
        while self.step < options.max_steps and self.stop.code is None:
            shown.update(self.take_step(next(self.reader), not shown or self.step % SUMMARY_EVERY == 0))
            self.step += 1
            self.bar.set_postfix_str(describe(self.bar, shown, self.reader.waited_seconds, self.options.batch_size,
                                              self.skipped), refresh=False)
            self.bar.update()
            self.tell_bad()
            if self.step % options.save_every == 0 or self.step == options.max_steps:
                self.save()
            if self.is_validation_due():
                self.validate()

    def is_validation_due(self):
        """Whether this step is one after which the net is validated."""
        return self.step > 0 and (self.step % self.options.validate_every == 0 or self.step == self.options.max_steps)

    def save(self):
        """Saves the step, unless it is saved."""
        if self.saved < self.step:
            self.locked.check()
            try:
                self.log.save_curve()
            finally:  # a curve that cannot be written must not cost the checkpoint
                self.keeper.save(self.session, self.step)
                self.saved = self.step

    def save_after_all(self):
        """Saves in spite of an error; returns what became of it, as a sentence."""
        try:
            self.save()
        except (CheckpointError, FolderLost) as error:
            return str(error)
        if not self.step:
            return 'Nothing was trained yet.'
        return f'What was trained is saved, up to step {self.step}: the run goes on from there.'

    def take_step(self, batch, with_summary):
        """One step: {'loss': in nats}; with_summary, also the progress figures, which go to TensorBoard too."""
        graph = self.graph
        fetches = {'loss': graph.loss, 'finite': graph.finite, 'train': graph.train}
        if with_summary:
            fetches['progress'] = graph.progress
            if self.debug is not None:
                fetches['debug'] = self.debug
        try:
            got = self.session.run(fetches, {graph.images: batch.images, graph.annotations: batch.annotations,
                                             **self.learning_rates()})
        except tf.errors.ResourceExhaustedError:
            raise StepError(f'memory ran out at step {self.step} on a batch of {batch.images.shape[:3]}. Use a smaller '
                            '--batch_size or --width.')
        self.judge(got['finite'], got['loss'], batch)
        figures = dict(got.get('progress', {}), loss=got['loss'])
        if self.step % SUMMARY_EVERY == 0:
            self.locked.check()
            rates = {placeholder.op.name: rate for placeholder, rate in self.learning_rates().items()}
            self.log.training(self.step, dict(figures, steps_skipped=self.skipped, **rates))
        if 'debug' in got:
            self.log.summary(self.step, got['debug'])
        return figures

    def judge(self, finite, loss, batch):
        """Raises StepError for a step that was not finite and so not taken, or counts it where they are skipped."""
        self.skipped_in_a_row = 0 if finite else self.skipped_in_a_row + 1
        if finite:
            return
        files = ', '.join(record.image for record in batch.records)
        rates = ' and '.join(f'{rate:g}' for rate in sorted(set(self.learning_rates().values())))
        found = (f'the loss or its gradient is not finite at step {self.step} (loss {loss}, learning rate {rates}, '
                 f'batch {files})')
        if not self.options.skip_nonfinite or self.skipped_in_a_row == MAX_SKIPPED:
            again = f', as in the {MAX_SKIPPED - 1} steps before it' if self.options.skip_nonfinite else ''
            raise StepError(f'{found}{again}. The step was not taken and the last checkpoint is as it was. Try a lower '
                            '--learning_rate, and check the data: '
                            f'python read_data.py {self.options.data_dir}')
        self.skipped += 1
        self.bar.write(f'skipped: {found}')

    def learning_rates(self):
        """What to feed for the learning rates of encoder and decoder."""
        options = self.options
        own = ((self.graph.encoder_rate, options.lr_encoder), (self.graph.decoder_rate, options.lr_decoder))
        return {placeholder: self.schedule.at(self.step, options.learning_rate if rate is None else rate,
                                              options.max_steps) for placeholder, rate in own}

    def validate(self):
        """Scores the net on the validation photos, and keeps the best; a stop ends it without a result."""
        scored = self.validation.score(lambda: self.stop.code is not None, self.show)
        if scored is None:
            return
        self.locked.check()
        best = scored.photos and self.keeper.save_if_best(self.session, self.step, scored.mean_iu)
        # last, for this is the sign that it need not be done again
        self.log.validation(self.step, scored.loss, scored.pixel_accuracy, scored.mean_iu)
        self.tell_bad()
        self.bar.write(f'step {self.step}: validation loss {scored.loss:.3f}, pixel accuracy '
                       f'{scored.pixel_accuracy:.3f}, mean IU {scored.mean_iu:.3f} on {scored.photos} photos'
                       + (', the best so far' if best else '') + self.validation.caution)
        if scored.empty:
            self.bar.write(explain_empty(scored))

    def show(self, number, result):
        """Shows the first few Evaluated of a validation in TensorBoard: photo, prediction and truth."""
        if number < PICTURES:
            pictures = (result.single.image, colour_image(result.ids, self.colours),
                        colour_image(result.single.annotation, self.colours))
            self.log.picture('validation', self.step, f'photo_prediction_truth/{number}', side_by_side(pictures))

    def tell_bad(self):
        """Names the photos that were left out since the last call."""
        for line in self.reader.bad.news() if self.reader.bad else ():
            self.bar.write(line)

    def print_end(self):
        """Says what a user must know who did not watch."""
        for line in self.reader.bad.summary() if self.reader.bad else ():
            print(line)
        if self.skipped:
            print(f'{self.skipped} steps were skipped, for their loss or gradient was not finite')
        if self.stop.code is not None and self.saved == self.step:
            print(f'stopped at step {self.step}, ' + ('which is saved: the same command goes on from here' if self.step
                                                      else 'before the first one: there is nothing to save'))


def describe(bar, shown, waited_seconds, batch_size, skipped):
    """What stands behind tqdm's bar.

    shown: the last loss, pixel_accuracy and classes_predicted; waited_seconds: for photos, so far; skipped: steps.
    """
    rate = (bar.format_dict['rate'] or 0.) * batch_size
    waiting = waited_seconds / max(bar.format_dict['elapsed'], 1e-9)
    skipped = f', {skipped} steps skipped' if skipped else ''
    return (f'loss {shown["loss"]:.3f}, accuracy {shown["pixel_accuracy"]:.2f}, {shown["classes_predicted"]} '
            f'classes, {rate:.1f} images/s, {waiting:.0%} waiting{skipped}')
