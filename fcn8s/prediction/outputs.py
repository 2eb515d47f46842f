"""Names the results of an input, and finds inputs whose results would have the same names."""
import collections
import itertools
import os

import numpy as np

from fcn8s.prediction.film_reader import FILM_EXTENSIONS
from fcn8s.visualize import IDS

# output_dir: folder of the results; view: a key of fcn8s.visualize.VIEWS, or IDS; softmax: whether to save the photos'
# probabilities too
Results = collections.namedtuple('Results', 'output_dir view softmax')


def is_film_name(name):
    """Whether a file's name is one of a film."""
    return name.lower().endswith(FILM_EXTENSIONS)


def outputs_of(name, folder, results):
    """{'ids', 'view', 'legend' or 'softmax': path in `folder`} for a photo's or film's name and the run's Results."""
    stem = os.path.join(folder, os.path.splitext(os.path.basename(name))[0])
    if is_film_name(name):
        return film_outputs(f'{stem}_{results.view}.mp4')
    outputs = collections.OrderedDict(ids=stem + '.png')
    if results.view != IDS:
        outputs.update(view=f'{stem}_{results.view}.jpg', legend=stem + '_legend.png')
    if results.softmax:
        outputs['softmax'] = stem + '_softmax.npz'
    return outputs


def film_outputs(path):
    """The outputs of a film that becomes `path`."""
    return collections.OrderedDict(view=path, legend=os.path.splitext(path)[0] + '_legend.png')


class Collisions:
    """Finds the inputs of one output folder whose results another input's would replace.

    Of two inputs with one stem the first keeps its results. A name such as a_legend.jpg gives way to a.jpg, whose
    legend is a_legend.png. Case is ignored, as some file systems do. Memory holds 8 bytes per input.
    """

    def __init__(self, results):
        self._results = results
        self._endings = ('_legend', f'_{results.view}', f'_{results.view}_legend')

    def find(self, sources, kept):
        """{path: path of the input that owns one of its outputs}, for the inputs in `kept` that have such an owner.

        sources: list of (folder, names), all inputs of the output folder in order; kept: some of them, likewise.
        """
        every = itertools.chain.from_iterable(names for _, names in sources)
        hashes = np.fromiter(map(hash, map(_stem, every)), np.int64)
        hashes.sort()
        twice = set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
        suspects, stems = [], set()  # (folder, name); hashes of the stems that may own their outputs
        for folder, names in kept:
            for name in names:
                stem = _stem(name)
                bases = (hash(stem[:-len(ending)]) for ending in self._endings if stem.endswith(ending))
                rivals = {base for base in bases if _contains(hashes, base)} | ({hash(stem)} & twice)
                if rivals:
                    suspects.append((folder, name))
                    stems |= rivals
        return self._owners(sources, suspects, stems) if suspects else {}

    def _owners(self, sources, suspects, stems):
        owner_of = {}
        for folder, names in sources:
            for name in names:
                if hash(_stem(name)) in stems:
                    for output in self._names(name):
                        owner_of.setdefault(output, os.path.join(folder, name))
        owners = {}
        for folder, name in suspects:
            path = os.path.join(folder, name)
            for output in self._names(name):
                if owner_of.get(output, path) != path:
                    owners[path] = owner_of[output]
        return owners

    def _names(self, name):
        return [os.path.basename(path).lower() for path in outputs_of(name, '', self._results).values()]


def _stem(name):
    return name[:name.rfind('.')].lower() if '.' in name else name.lower()


def _contains(ordered, value):
    at = np.searchsorted(ordered, value)
    return at < len(ordered) and ordered[at] == value
