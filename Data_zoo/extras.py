"""Packages that only some annotation tools' exports need."""
import importlib
import os
import sys

from fcn8s.utils.errors import UserError
from fcn8s.utils.packages import PROJECT


def optional(module, purpose):
    """The imported module of an optional package. Raises UserError that says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(f'{module.split(".")[0]} is needed to read {purpose} and cannot be imported ({error}). '
                        f'{sys.executable} -m pip install -r {os.path.join(PROJECT, "requirements-annotations.txt")}'
                        ) from error
