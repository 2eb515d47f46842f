"""The requirement files differ only in the build of TensorFlow and fit the installed versions."""
import os

import pytest
from project import PROJECT


def requirements(name):
    with open(os.path.join(PROJECT, name)) as file:
        lines = [line.split('#')[0].strip() for line in file]
    return [line for line in lines if line]


def test_cpu_requirements_differ_in_tensorflow_only():
    gpu, cpu = (set(requirements(name)) for name in ('requirements.txt', 'requirements-cpu.txt'))
    assert all(line.startswith('tensorflow') for line in gpu ^ cpu)


@pytest.mark.parametrize('line', requirements('requirements-cpu.txt') + requirements('requirements-dev.txt'))
def test_installed_version_is_within_its_bounds(line):
    packaging = pytest.importorskip('packaging.requirements')
    metadata = pytest.importorskip('importlib.metadata', reason='Python 3.7 has no importlib.metadata')
    requirement = packaging.Requirement(line)
    if requirement.marker is None or requirement.marker.evaluate():
        assert requirement.specifier.contains(metadata.version(requirement.name))


@pytest.mark.parametrize('line', requirements('requirements-export.txt') + requirements('requirements-annotations.txt'))
def test_installed_optional_package_is_within_its_bounds(line):
    packaging = pytest.importorskip('packaging.requirements')
    metadata = pytest.importorskip('importlib.metadata', reason='Python 3.7 has no importlib.metadata')
    requirement = packaging.Requirement(line)
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        pytest.skip('optional')
    assert requirement.specifier.contains(version)
