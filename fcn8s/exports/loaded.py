"""What every format gives when an export is loaded, and what it needs."""
import collections
import importlib
import sys

from fcn8s.utils.errors import UserError

# An export in its runtime.
#   predict    function uint8 [B, H, W, 3] -> (ids, uint8 [B, H, W]; probabilities, float32 [B, H, W, N], or None)
#   runtime    its name and version
#   close      function that frees it
Loaded = collections.namedtuple('Loaded', 'predict runtime close')

EXTRAS = 'requirements-export.txt'


def package(module):
    """The imported module of one of the optional packages. Raises UserError that says how to install them."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if sys.version_info < (3, 10):
            raise UserError(f'{module} is needed for this format, and its present releases need Python 3.10 or later; '
                            f'this is Python {sys.version_info[0]}.{sys.version_info[1]}.') from error
        raise UserError(f'{module} is needed for this format and cannot be imported ({error}). '
                        f'{sys.executable} -m pip install -r {EXTRAS}') from error
