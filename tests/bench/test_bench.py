"""The contenders of the bench do the same task; their times are not a test's business."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_contenders_do_the_same_task():
    spec = importlib.util.spec_from_file_location("bench_run", Path(__file__).with_name("run.py"))
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    bench.check_same_task()  # exits with a message if one does not
