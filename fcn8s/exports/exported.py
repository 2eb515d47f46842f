"""An exported net in its own runtime, used like the Segmenter that it was made of."""
from fcn8s.config import trained_net
from fcn8s.exports.describe import read_description
from fcn8s.exports.formats import FORMATS, find_export
from fcn8s.prediction.options import Options
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.prediction.tiles import choose_tiles
from fcn8s.utils.cli import expand_home
from fcn8s.utils.errors import UsageError, UserError
from FCN_model import NETS


def open_net(logs_dir, checkpoint, overrides, default_data_dir, needs_probabilities=None, **options):
    """A Segmenter, or an ExportedNet if `checkpoint` is an export; the other arguments are Segmenter's.

    needs_probabilities: None, or the flag because of which an export, which gives ids alone, will not do.
    """
    if find_export(expand_home(checkpoint)):
        if needs_probabilities:
            raise _unable(checkpoint, needs_probabilities)
        return ExportedNet(expand_home(checkpoint), overrides, **options)
    return Segmenter(logs_dir, checkpoint, overrides, default_data_dir, **options)


class ExportedNet(Segmenter):
    """A Segmenter whose net runs outside these scripts' graph. It predicts ids alone, in batches of one.

    `config` is the export's description, `checkpoint` its file, `runtime` the name and version of what runs it.
    """

    def __init__(self, path, overrides=None, **options):
        """Loads an export.

        Args:
          path: what find_export recognizes.
          overrides: NetOverrides; only its data_dir, whose classes.csv names the classes, may be given.
          **options: the fields of Options.

        Raises UserError for a missing or damaged file or package, and for options that need probabilities.
        """
        form, self.checkpoint = find_export(path)
        self.config = read_description(self.checkpoint, form)
        self._options = options = Options(**options)
        self._check(overrides)
        self.net = trained_net(self.config, overrides, '')
        if self.net.net not in NETS:
            raise UserError(f'{path} holds a net called {self.net.net}, which is none of {", ".join(NETS)}.')
        self._tile, self._tile_margin = choose_tiles(options.tile, options.tile_margin, NETS[self.net.net].reach)
        self.averages = self._batches_pay = False
        self._ids, self._softmax = 'ids', 'probabilities'
        self._loaded = FORMATS[form].load(self.checkpoint, options.precision)
        self.runtime = self._loaded.runtime
        self.precision = self.config.get('precision', 'float32')

    def describe(self):
        """One line for the log: runtime, net and file."""
        return (f'{self.runtime}, {self.precision} weights; net {self.net.net}, width {self.net.width:g}, '
                f'{self.net.num_classes} classes, from {self.checkpoint}')

    def close(self):
        """Frees the runtime."""
        self._loaded.close()

    def _check(self, overrides):
        """Raises UsageError for flags that an export cannot follow."""
        with_class_0 = self.config.get('predict_class_0', True)
        if self._options.with_class_0 != with_class_0:
            raise UsageError(f'--checkpoint={self.checkpoint} was exported with --'
                             f'{"" if with_class_0 else "no"}predict_class_0: give the same here.')
        refused = {'--scales': tuple(self._options.scales) != (1.,), '--flip': self._options.flip,
                   '--precision': self._options.precision not in ('auto', 'float32')}
        refused.update({'--' + name: getattr(overrides, name, None) is not None
                        for name in ('net', 'num_classes', 'width')})
        for flag in [flag for flag, given in refused.items() if given]:
            raise _unable(self.checkpoint, flag)

    def _run(self, fetches, images):
        if fetches != [self._ids]:
            raise _unable(self.checkpoint, 'what needs probabilities')
        try:
            return [self._loaded.predict(images)[0]]
        except Exception as error:  # each runtime has its own
            raise UserError(f'{self.runtime} could not predict images of {images.shape[1]}x{images.shape[2]} '
                            f'pixels: {error}') from error


def _unable(path, flag):
    return UsageError(f'--checkpoint={path} is an export: its net is fixed, and it gives ids, not probabilities. '
                      f'Leave {flag} out, or give the checkpoint that it was made of.')
