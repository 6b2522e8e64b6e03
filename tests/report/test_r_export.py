"""The R script: sound R, and every number of the evaluation in it. hesim itself is not installed here.

When this was written the script was parsed by R 4.2 and run there against stand-ins of hesim's functions: the partition
agreed with the evaluation to 1e-8, clock reset within sampling error. What it calls was read in hesim's own source.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simulate as sim
from simulate.economics.amounts import Values
from simulate.economics.plan import planned
from simulate.errors import InputError
from simulate.model.types import Distribution
from simulate.pathways.background import LifeTable
from simulate.report import r_export
from simulate.report.r_export import r_script
from simulate.scenario.evaluation import Evaluation, evaluate

TOY = Path(__file__).parents[1] / "economics" / "data" / "params"
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
CLOSES = {"(": ")", "[": "]", "{": "}"}


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(sim.load("toy", params=TOY), draws=0, patients=400, seed=1)


@pytest.fixture(scope="module")
def script(evaluation) -> str:
    return r_script(evaluation)


def code(script: str) -> str:
    """The script without what stands in strings and comments."""
    lines = [re.sub(r"#.*", "", STRING.sub('""', line)) for line in script.splitlines()]
    return "\n".join(lines)


def balanced(text: str) -> bool:
    open_: list[str] = []
    for letter in text:
        if letter in CLOSES:
            open_.append(CLOSES[letter])
        elif letter in CLOSES.values() and (not open_ or open_.pop() != letter):
            return False
    return not open_


def section(script: str, strategy: str) -> str:
    """What is printed for one strategy."""
    start = script.index(f'name = "{strategy}"')
    return script[start : script.index("ours_clock_reset", start)]


def test_brackets_and_quotes_are_balanced(script):
    assert balanced(code(script))
    assert code(script).count('"') % 2 == 0
    assert "'" not in code(script)
    assert not balanced(code(script).replace(")", "", 1))  # the check can fail


def test_no_comma_stands_before_a_closing_bracket_or_after_another(script):
    assert not re.search(r",\s*[)\]]", code(script).replace("[, ", "[x, ").replace(", ]", ", x]"))
    assert not re.search(r",\s*,", code(script))
    assert not re.search(r"\(\s*,", code(script))


def test_it_reads_and_writes_no_file(script):
    for name in ("source", "read", "readRDS", "load", "setwd", "file", "write", "save", "sink", "system", "url"):
        assert not re.search(rf"\b{name}[\w.]*\(", code(script)), name


def test_it_is_ascii_and_narrow(script):
    assert script.isascii()
    assert max(map(len, script.splitlines())) <= 120


def test_every_value_of_the_file_is_in_it(evaluation, script):
    block = script[script.index("value <- list(") : script.index("strategies <- list(")]
    found = {m[1]: float(m[2]) for m in re.finditer(r'"([\w.]+)" = ([-\d.e+]+)', block)}
    ours = {".".join(map(str, p)): float(v[0]) for p, v in Values.mean(evaluation.case.file).by_place.items()}
    assert found == ours


def number(text: str, name: str) -> float:
    match = re.search(rf"\b{name} = ([-\d.e+]+)", text)
    assert match is not None, name
    return float(match[1])


def test_curves_are_on_the_scale_of_hesim(evaluation, script):
    for s in evaluation.strategies:
        own = section(script, s)
        for endpoint, curve in evaluation.structures[s]["partitioned"].fitted.items():
            text = re.search(rf"\b{endpoint} = list\((.*)\)", own)[1]
            if curve.family in ("weibull", "loglogistic"):
                assert math.exp(number(text, "shape")) == pytest.approx(curve.params[0])
                assert math.exp(number(text, "scale")) == pytest.approx(curve.params[1])
            name = {"weibull": "weibull", "loglogistic": "llogis", "lognormal": "lnorm", "gompertz": "gompertz"}
            assert f'"{name[curve.family]}"' in text
        assert number(own, "stop") == evaluation.case.stops[s]


@pytest.mark.parametrize(
    ("curve", "survival"),
    [
        (Distribution("exponential", (11.0,)), lambda t, c: math.exp(-math.exp(c["rate"]) * t)),
        (
            Distribution("weibull", (1.3, 9.0)),
            lambda t, c: math.exp(-((t / math.exp(c["scale"])) ** math.exp(c["shape"]))),
        ),
        (
            Distribution("gompertz", (-0.02, 0.07)),
            lambda t, c: math.exp(-math.exp(c["rate"]) / c["shape"] * math.expm1(c["shape"] * t)),
        ),
        (
            Distribution("lognormal", (2.2, 0.8)),
            lambda t, c: 0.5 * math.erfc((math.log(t) - c["meanlog"]) / math.exp(c["sdlog"]) / math.sqrt(2.0)),
        ),
        (
            Distribution("loglogistic", (1.9, 13.0)),
            lambda t, c: 1.0 / (1.0 + (t / math.exp(c["scale"])) ** math.exp(c["shape"])),
        ),
    ],
    ids=lambda x: getattr(x, "family", ""),
)
def test_families_as_stats_and_flexsurv_write_them(curve, survival):
    text = r_export._curve(curve, 60.0)
    coefs = {k: float(v) for k, v in re.findall(r"(\w+) = ([-\d.e+]+)", text[text.index("coefs") + 5 :])}
    for t in (0.5, 4.0, 30.0):
        assert survival(t, coefs) == pytest.approx(float(curve.survival(t)), rel=1e-12)


def test_what_hesim_has_no_family_for_is_exact_at_the_ends_of_months():
    curve = Distribution("lognormal", (2.2, 0.8), 0.1, (6.0,), (0.7, 1.1))
    text = r_export._curve(curve, 24.5)
    assert 'dist = "pwexp"' in text
    assert "time = 0:24" in text
    rates = np.exp([float(x) for x in re.search(r"c\(([^)]*)\)", text)[1].split(",")])
    assert np.exp(-np.cumsum(rates)) == pytest.approx(curve.survival(np.arange(1.0, 26.0)), rel=1e-9)


def test_planned_days_are_the_schedule(evaluation, script):
    for s in evaluation.strategies:
        own = section(script, s)
        blocks = re.findall(r"day = (seq\([^)]*\)|c\([^)]*\)),\s*uses = (c\([^)]*\)|[\d.e-]+)", own)
        plan = planned(evaluation.case, s)
        assert len(blocks) == len(plan)
        for (days, uses), item in zip(blocks, plan, strict=True):
            inside = [float(x) for x in re.findall(r"\d+\.?\d*", days)]
            if days.startswith("seq"):
                inside = list(np.arange(inside[0], inside[1] + 1, inside[2]))
            weight = np.array([float(x) for x in re.findall(r"[\d.]+(?:e-?\d+)?", uses)])
            found = np.zeros(len(item.uses))
            found[np.array(inside, dtype=int)] = weight
            assert found == pytest.approx(item.uses, abs=1e-8), item.name


def test_our_numbers_stand_beside(evaluation, script):
    for name in ("partitioned", "clock_reset"):
        printed = re.findall(rf"ours_{name} = c\(cost = ([\d.]+), qaly = ([\d.]+), ly = ([\d.]+)\)", script)
        for found, s in zip(printed, evaluation.strategies, strict=True):
            o = evaluation.structures[s][name].outcomes
            assert [float(x) for x in found] == [o.cost[0], o.qaly[0], o.ly[0]]


def test_strata_of_clock_reset_add_up(evaluation, script):
    for s in evaluation.strategies:
        own = section(script, s)
        strata = own[own.index("reset = list(") :]
        assert sum(float(x) for x in re.findall(r"\bshare = ([\d.]+), death_share", strata)) == pytest.approx(1.0)
        assert "pps = list(" in strata


def test_dependence_between_times_leaves_clock_reset_out(evaluation):
    case = evaluation.case
    model = case.model
    cells = {k: replace(c, dependence=0.3) for k, c in model.cells.items()}
    calibration = replace(case.calibration, model=replace(model, cells=cells))
    script = r_script(replace(evaluation, case=replace(case, calibration=calibration)))
    assert script.count("pps = list(") == 0
    assert balanced(code(script))


def test_conventions_norm_and_deaths_of_other_causes(evaluation):
    case = evaluation.case
    flat = LifeTable("flat", np.full(120, -np.expm1(-0.012)), "made up")  # 0.001 a month
    asked = case.question.model_copy(update={"start_age": 50.0})
    script = r_script(replace(evaluation, case=replace(case, life=flat, follow_up=0.0, question=asked)))
    inside = re.search(r"spared_by_month <- c\(([^)]*)\)", script)[1].split(",")
    assert [float(x) for x in inside] == pytest.approx(np.exp(-0.001 * np.arange(121.0)), rel=1e-9)
    assert "age_norm <- NULL" in script
    assert f'method <- "{case.clock.discount.method}"' in script


def test_a_hostile_label_stays_a_comment(evaluation):
    scenario = evaluation.scenario
    label = 'x\nsystem("rm") # "'
    strategies = {s: v.model_copy(update={"label": label}) for s, v in scenario.file.strategies.items()}
    hostile = replace(scenario, file=scenario.file.model_copy(update={"strategies": strategies}))
    script = r_script(replace(evaluation, scenario=hostile))
    assert all(line.lstrip().startswith("list( #") for line in script.splitlines() if "system" in line)
    assert r_export._text('a"b\\c\nd') == '"a\\"b\\\\c\\nd"'


def test_infinite_numbers_are_refused():
    with pytest.raises(InputError, match="cannot be written"):
        r_export._number(math.inf)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_parses_it(script, tmp_path):
    (tmp_path / "hesim.R").write_text(script)
    subprocess.run(["Rscript", "-e", "invisible(parse('hesim.R'))"], cwd=tmp_path, check=True)
