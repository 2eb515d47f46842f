"""The files that the documents name exist."""
import os
import re

import pytest
from project import PROJECT


def read(path):
    with open(os.path.join(PROJECT, path), encoding='utf-8') as file:
        return file.read()


def python_files(path):
    return sorted(set(re.findall(r'[\w/]+\.py\b', read(path))))


@pytest.mark.parametrize('path', python_files('docs/GUARANTEES.md'))
def test_guarantee_has_its_test(path):
    assert os.path.isfile(os.path.join(PROJECT, 'tests', path))


def test_every_guarantee_names_a_test():
    rows = [line for line in read('docs/GUARANTEES.md').splitlines() if line.startswith('| ')]
    assert [row for row in rows[1:] if not re.search(r'test_\w+\.py', row)] == []  # without the heading


@pytest.mark.parametrize('path', python_files('benchmarks/README.md'))
def test_benchmark_that_is_described_exists(path):
    assert any(os.path.isfile(os.path.join(PROJECT, folder, path)) for folder in ('', 'benchmarks'))
