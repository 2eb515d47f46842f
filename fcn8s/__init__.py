"""FCN8s and its relatives: everything behind the scripts at top level.

    from fcn8s import Segmenter
"""
import importlib

_PUBLIC = {'Segmenter': 'fcn8s.prediction.segmenter', 'Options': 'fcn8s.prediction.options',
           'NetOverrides': 'fcn8s.config', 'UserError': 'fcn8s.utils.errors', 'read_photo': 'fcn8s.data.photos'}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(_PUBLIC[name]), name)  # only now: no script waits for what it does not use
