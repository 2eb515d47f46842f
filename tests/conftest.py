"""Puts the project's folder on the path, so that tests import the modules as the scripts do."""
import os
import sys

from hypothesis import settings

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, PROJECT)

settings.register_profile('project', deadline=None)  # a busy machine is no defect
settings.load_profile('project')
