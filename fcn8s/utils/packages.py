"""Python packages that the scripts need: which are missing or too old, and how to install them."""
import importlib.util
import os
import re
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# {module: its package}
PACKAGES = {'numpy': 'numpy', 'PIL': 'pillow', 'absl': 'absl-py', 'tqdm': 'tqdm', 'imageio': 'imageio',
            'matplotlib': 'matplotlib', 'scipy': 'scipy', 'h5py': 'h5py', 'imageio_ffmpeg': 'imageio-ffmpeg',
            'jinja2': 'jinja2'}
FIRST = ('numpy', 'PIL', 'absl', 'tqdm', 'imageio', 'matplotlib')  # the others are named where they are needed
# Older ones lack functions that the scripts call; requirements.txt has the tested versions.
OLDEST = {'pillow': (9, 1), 'imageio': (2, 16), 'matplotlib': (3, 3)}
_INFO = re.compile(r'(.+?)-(\d+(?:\.\d+)*)[^-]*(?:-py[\d.]+[^-]*)?\.(?:dist|egg)-info$')


def unusable():
    """A sentence with the command that installs missing or outdated packages, or None."""
    missing = [PACKAGES[module] for module in FIRST if importlib.util.find_spec(module) is None]
    versions = _versions(OLDEST)
    old = [package for package in OLDEST if package not in missing and versions.get(package, (99,)) < OLDEST[package]]
    found = _not_installed(missing) if missing else []
    found += [f'{package} {".".join(map(str, versions[package]))} is too old: at least '
              f'{".".join(map(str, OLDEST[package]))} is needed' for package in old]
    return _advice(found, missing + old) if found else None


def missing(module):
    """The same sentence for a module that could not be imported; None if it belongs to no required package."""
    package = PACKAGES.get((module or '').partition('.')[0])
    return package and _advice(_not_installed([package]), [package])


def _not_installed(packages):
    return [f'{", ".join(packages)} {"is" if len(packages) == 1 else "are"} not installed']


def _advice(found, packages):
    return (f'{", ".join(found)} for {sys.executable}, which is Python {sys.version_info[0]}.{sys.version_info[1]}. '
            f'{sys.executable} -m pip install {" ".join(map(_requirement, packages))}\n'
            f'All that is needed: {sys.executable} -m pip install -r {os.path.join(PROJECT, "requirements-cpu.txt")} '
            '(requirements.txt if there is an NVIDIA GPU).')


def _requirement(package):
    """'numpy>=1.18,<2.5', in quotes, as requirements.txt has it."""
    try:
        with open(os.path.join(PROJECT, 'requirements.txt')) as file:
            lines = file.read().split('\n')
    except OSError:
        lines = []
    return next((f'"{line.split()[0]}"' for line in lines if re.match(re.escape(package) + '[<>=]', line)), package)


def _versions(packages):
    """{package: version as a tuple} of those that pip's or conda's records name; nothing is imported for it."""
    versions = {}
    for folder in filter(os.path.isdir, sys.path):
        for name in os.listdir(folder):
            match = _INFO.match(name)
            package = match and re.sub('[-_.]+', '-', match.group(1)).lower()
            if package in packages:
                versions.setdefault(package, tuple(map(int, match.group(2).split('.'))))
    return versions
