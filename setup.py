"""`pip install .`: the package fcn8s, what it imports from top level, and ADE20K's classes; not the scripts."""
import os

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

CLASSES = os.path.join('Data_zoo', 'MIT_SceneParsing', 'classes.csv')


class BuildWithClasses(build_py):
    """Copies the classes of the published nets to where fcn8s.weights.published looks for them without a checkout."""

    def run(self):
        """See the class."""
        build_py.run(self)
        if not self.editable_mode:
            self.copy_file(CLASSES, os.path.join(self.build_lib, 'fcn8s', 'weights', 'ade20k_classes.csv'))


setup(packages=find_packages(include=['fcn8s', 'fcn8s.*']), cmdclass={'build_py': BuildWithClasses})
