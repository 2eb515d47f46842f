"""The loop of a training run: steps, and validation and checkpoints at their intervals."""
import numpy as np
from tqdm import tqdm

from files.errors import UserError
from metrics import scene_parsing_scores
from runs.evaluation import evaluate
from runs.interrupt import StopSignal
from runs.log import debug_summaries
from TensorflowUtils import tf

SUMMARY_EVERY = 10  # steps between two points of TensorBoard's training curves


class Trainer:
    """Takes the steps of a run, and validates and saves at its intervals."""

    def __init__(self, session, graph, reader, validation, keeper, log, options):
        """graph: a TrainingGraph; validation: Records; options: the flags of FCN_train."""
        self.session, self.graph, self.reader = session, graph, reader
        self.keeper, self.log, self.options = keeper, log, options
        self.validation = validation
        self.debug = debug_summaries(graph.end_points, graph.gradients) if self.options.debug else None

    def run(self, step):
        """Trains from `step` to options.max_steps or to a signal; returns the exit code."""
        options, saved, shown = self.options, step, {}
        with StopSignal() as stop, tqdm(total=options.max_steps, initial=step, unit='step', dynamic_ncols=True) as bar:
            while step < options.max_steps and stop.code is None:
                shown.update(self.take_step(next(self.reader), step, not shown or step % SUMMARY_EVERY == 0))
                step += 1
                bar.set_postfix_str(self.describe(shown, bar), refresh=False)
                bar.update()
                last = step == options.max_steps
                if step % options.save_every == 0 or last:
                    self.keeper.save(self.session, step)
                    saved = step
                if step % options.validate_every == 0 or last:
                    bar.write(self.validate(step))
            if saved < step:
                self.keeper.save(self.session, step)
        if stop.code is not None:
            print(f'stopped at step {step}, which is saved: the same command goes on from here')
        return stop.code or 0

    def take_step(self, batch, step, with_summary):
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
            raise UserError(f'memory ran out at step {step} on a batch of {batch.images.shape[:3]}. Use a smaller '
                            '--batch_size or --width.')
        if not got['finite']:
            files = ', '.join(record.image for record in batch.records)
            raise UserError(f'the loss or its gradient is not finite at step {step} (loss {got["loss"]}, learning rate '
                            f'{self.options.learning_rate:g}, batch {files}). The step was not taken and the last '
                            'checkpoint is as it was. Try a lower --learning_rate, and check the data: '
                            f'python read_data.py {self.options.data_dir}')
        figures = dict(got.get('progress', {}), loss=got['loss'])
        if 'progress' in got:
            self.log.scalars('train', step, figures)
        if 'debug' in got:
            self.log.summary(step, got['debug'])
        return figures

    def learning_rates(self):
        """What to feed for the learning rates of encoder and decoder."""
        options = self.options
        own = ((self.graph.encoder_rate, options.lr_encoder), (self.graph.decoder_rate, options.lr_decoder))
        return {placeholder: options.learning_rate if rate is None else rate for placeholder, rate in own}

    def describe(self, shown, bar):
        """The progress line behind tqdm's bar."""
        rate = (bar.format_dict['rate'] or 0.) * self.options.batch_size
        waiting = self.reader.waited_seconds / max(bar.format_dict['elapsed'], 1e-9)
        return (f'loss {shown["loss"]:.3f}, accuracy {shown["pixel_accuracy"]:.2f}, {shown["classes_predicted"]} '
                f'classes, {rate:.1f} images/s, {waiting:.0%} waiting')

    def validate(self, step):
        """Scores the net on the validation photos, keeps the best; returns a line for the log."""
        graph, options, losses, total = self.graph, self.options, [], 0

        def predict(single):
            feed = {graph.images: single.image[np.newaxis], graph.annotations: single.annotation[np.newaxis]}
            ids, loss = self.session.run(graph.validate, feed)
            losses.append(loss)
            return ids[0]

        for result in evaluate(self.validation, predict, options.num_classes, options.ignore_label,
                               options.read_threads):
            total = total + result.full
        accuracy, _, mean_iu, _ = scene_parsing_scores(total)
        self.log.validation(step, float(np.mean(losses)), accuracy, mean_iu)
        best = self.keeper.save_if_best(self.session, step, mean_iu)
        return (f'step {step}: validation loss {np.mean(losses):.3f}, pixel accuracy {accuracy:.3f}, '
                f'mean IU {mean_iu:.3f} on {len(losses)} photos' + (', the best so far' if best else ''))
