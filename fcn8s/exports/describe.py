"""What an export says of itself: export.json, and the same text inside files that can hold one.

It has the fields of a run's config.json, from which the net, its classes and its data set are known, and besides:

    format, precision       of the export
    predict_class_0         whether ids may be 0
    input, outputs          names of the tensors; signatures: those of a SavedModel
    checkpoint, tensorflow  what it was made of
"""
import os

from fcn8s.config import FLAGS, describe_net, parse_config
from fcn8s.exports.formats import DESCRIPTION, FORMATS
from fcn8s.exports.graph import IDS, IMAGES, PROBABILITIES, tensorflow_graph
from fcn8s.exports.tensorflow_formats import SIGNATURES
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import SMALL, read_bounded
from fcn8s.utils.tf1 import tf


def describe(segmenter, form, precision, with_class_0):
    """The description of a Segmenter's export as a dict; form: a key of FORMATS."""
    flags = (segmenter.config or {}).get('flags', {})
    in_tensorflow = FORMATS[form].graph is tensorflow_graph
    described = dict(
        describe_net(segmenter.net), flags={name: flags[name] for name in FLAGS if name in flags},
        format=form, precision=precision, predict_class_0=with_class_0, checkpoint=segmenter.checkpoint,
        tensorflow=tf.version.VERSION, input=IMAGES + ':0',
        outputs=[IDS + ':0', PROBABILITIES + ':0'] if in_tensorflow else [IDS + ':0'])
    return dict(described, signatures=SIGNATURES) if form == 'saved_model' else described


def read_description(path, form):
    """The description of the export in `path`, a file that a Format loads. Raises UserError if there is none."""
    beside = os.path.join(os.path.dirname(os.path.abspath(path)), DESCRIPTION)
    inside = FORMATS[form].read_inside
    if not os.path.isfile(path):
        raise UserError(f'{path} does not exist. FCN_export.py --format={form} makes such a file.')
    text = inside(path) if inside else None
    if text is None and os.path.isfile(beside):
        try:
            text = read_bounded(beside, SMALL).decode('utf-8')
        except (OSError, ValueError) as error:
            raise UserError(f'{beside} cannot be read: {error}. Export the net again.')
    if text is None:
        raise UserError(f'{path} does not say which classes its ids are: expected {DESCRIPTION} beside it, as '
                        'FCN_export.py writes it.')
    return parse_config(text, beside, 'Export the net again.')
