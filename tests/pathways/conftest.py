"""A small library of one first-line trial, two later lines and a mixed population."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import simulate as sim
from simulate.evidence import Library

TRIAL = """
id: {id}
title: A study for tests ({id})
design: {design}
setting: test
sources: [tewari_2014]
{randomised}arms:
{arms}
cuts:
  final: {{label: final, accrual: 30, cutoff: 48, assumed: true, note: for a test}}
figures:
{figures}
toxicity:
{toxicity}
calibration:
  cuts: {{os: final, pfs: final}}
  pfs: {{family: weibull, why: test}}
  pps: {{family: weibull, why: test}}
"""


def figure(arm: str, endpoint: str, value: float) -> str:
    """A median of an arm, met as an equality."""
    return (
        f"  - {{id: {endpoint}_{arm}, arm: {arm}, population: all, endpoint: {endpoint}, statistic: median, "
        f"value: {value}, cut: final, role: primary, why: only one, source: tewari_2014, seen: seed}}\n"
    )


def trial(id_: str, arms: dict[str, tuple[float, float]], *, randomised: bool) -> str:
    """A trial file: arm → (median PFS, median OS)."""
    own = "".join(f"  {a}: {{label: {a}, n: 200, treatment_class: chemotherapy}}\n" for a in arms)
    figures = "".join(figure(a, e, v) for a, pair in arms.items() for e, v in zip(("pfs", "os"), pair, strict=True))
    rates = "".join(
        f"  - {{id: fistula_{a}, arm: {a}, population: all, endpoint: fistula, statistic: proportion, grade: any, "
        f"events: {events}, n: 200, role: context, source: tewari_2014, seen: seed}}\n"
        for a, events in zip(arms, (4, 30), strict=False)
    )
    toxicity = (
        "  - event: fistula\n    label: fistula\n    grades: [{grade: any, figures: {"
        + ", ".join(f"{a}: fistula_{a}" for a in arms)
        + "}}]\n"
    )
    total = f"randomised: {200 * len(arms)}\n" if randomised else ""
    return TRIAL.format(
        id=id_, design="randomised" if randomised else "single_arm", randomised=total, arms=own,
        figures=figures + rates, toxicity=toxicity,
    )  # fmt: skip


def regimen(id_: str, trial_id: str, arm: str, more: str = "", line: str = "1") -> str:
    """A regimen file of an arm."""
    label = id_.replace("_", " ")
    return f"id: {id_}\nlabel: {label}\nlines: [{line}]\nevidence: {{trial: {trial_id}, arm: {arm}}}\n{more}"


POPULATION = """
id: {id}
label: patients for tests
covariates:
  age:
    label: age
    levels: {{young: {{min: 40, max: 59, value: 50}}, old: {{min: 60, max: 90, value: 75}}}}
    cases: [{{shares: [{young}, {old}], assumed: true, why: test}}]
  ecog:
    label: performance status
    levels: {{zero: {{value: 0}}, one: {{value: 1}}, two: {{value: 2}}}}
    cases:
      - {{when: {{age: {{min: 60}}}}, shares: [0.2, 0.5, 0.3], assumed: true, why: test}}
      - {{shares: [{fit}, {less}, {poor}], assumed: true, why: test}}
    prognosis: {{hazard_ratios: [1.0, 1.5, 2.5], assumed: true, why: test}}
  prior_pelvic_radiation:
    label: radiation
    levels: {{no_rt: {{value: false}}, rt: {{value: true}}}}
    cases: [{{shares: [{no_rt}, {rt}], assumed: true, why: test}}]
"""

SCENARIO = """
id: lines
title: Lines for tests
question: What does X add?
population: routine
evidence_population: trial_like
baseline: old
life_table: ssa_female_2023
later_lines:
  second_line: {reach: 0.6, range: [0.48, 0.71], era: second, assumed: true, why: test}
  third_line: {reach: 0.4, era: third, assumed: true, why: test}
strategies:
  old: {label: old for all, regimen: old}
  new: {label: new for all, regimen: new}
  policy: {label: the policy, follow: policy}
comparator: old
horizon: 120
"""

MODIFIER = """toxicities:
  - event: fistula
    figure: fistula
    consequence: [stop_drug]
    source: tewari_2014
    seen: seed
    modifiers: [{when: {prior_pelvic_radiation: {is: true}}, only: true, source: tewari_2014, seen: seed}]
"""


COURSE = """drugs: [{drug: cisplatin, dose: 50, unit: mg/m2, days: [1], source: tewari_2014, seen: seed}]
course: {cycle_days: 21, max_cycles: 6, until: cycles, source: tewari_2014, seen: seed}
"""


def _changing() -> dict[str, str]:
    """The same again with a performance status that declines between lines, and rules that ask for it."""
    declines = """{zero: {value: 0}, one: {value: 1}, two: {value: 2}, four: {value: 4}}
    changes:
      shares: {zero: [0.5, 0.3, 0.2, 0], one: [0, 0.6, 0.2, 0.2], two: [0, 0, 0.7, 0.3], four: [0, 0, 0, 1]}
      assumed: true
      why: test"""
    population = POPULATION.replace("{{zero: {{value: 0}}, one: {{value: 1}}, two: {{value: 2}}}}", "LEVELS")
    population = population.replace("[0.2, 0.5, 0.3]", "[0.2, 0.5, 0.3, 0]").replace("{poor}]", "{poor}, 0]")
    population = population.replace("[1.0, 1.5, 2.5]", "[1.0, 1.5, 2.5, 6.0]")
    two = {
        "routine": {"young": 0.6, "old": 0.4, "fit": 0.5, "less": 0.35, "poor": 0.15, "no_rt": 0.3, "rt": 0.7},
        "trial_like": {"young": 0.9, "old": 0.1, "fit": 0.6, "less": 0.4, "poor": 0.0, "no_rt": 0.2, "rt": 0.8},
    }
    out = {
        f"populations/{name}_changing": population.format(id=f"{name}_changing", **given).replace("LEVELS", declines)
        for name, given in two.items()
    }
    scenario = SCENARIO.replace("id: lines", "id: changed").replace("era:", "when: {ecog: {max: 2}}, era:")
    for name in two:
        scenario = scenario.replace(f"population: {name}\n", f"population: {name}_changing\n")
    policies = {
        "careful": "    - {when: {ecog: {max: 1}}, use: second}\n",
        "divided": "    - {when: {ecog: {max: 1}}, use: second}\n    - {use: gentle}\n",
    }
    for name, second in policies.items():
        scenario = scenario.replace("comparator:", f"  {name}: {{label: {name}, follow: {name}}}\ncomparator:", 1)
        out[f"strategies/{name}"] = (
            f"id: {name}\nlabel: {name}\nlines:\n  first_line:\n    - {{use: old}}\n  second_line:\n{second}"
            "  third_line:\n    - {use: third}\n"
        )
    scenario = scenario.replace("horizon:", "unanchored: [gentle]\nhorizon:")
    out["regimens/gentle"] = regimen("gentle", "last", "chemo", line="2")
    out["scenarios/changed"] = scenario.replace("  policy: {label: the policy, follow: policy}\n", "")
    return out


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The overlay."""
    top = tmp_path_factory.mktemp("params")
    files = {
        "trials/first": trial("first", {"old": (6.0, 14.0), "new": (8.0, 18.0)}, randomised=True),
        "trials/other": trial("other", {"old": (5.0, 11.0), "extra": (7.0, 16.0)}, randomised=True),
        "trials/later": trial("later", {"chemo": (3.0, 8.0)}, randomised=False),
        "trials/last": trial("last", {"chemo": (2.0, 5.0)}, randomised=False),
        "regimens/old": regimen("old", "first", "old", MODIFIER),
        "regimens/new": regimen("new", "first", "new", COURSE + MODIFIER),
        "regimens/extra": regimen(
            "extra",
            "other",
            "extra",
            "effects: [{against: old, trial: other, arm: extra, comparator: old, source: tewari_2014, seen: seed}]\n",
        ),
        "regimens/second": regimen(
            "second", "later", "chemo", COURSE.replace("max_cycles: 6, until: cycles", "until: progression"), line="2"
        ),
        "regimens/third": regimen("third", "last", "chemo", line="1, 3"),
        "populations/routine": POPULATION.format(
            id="routine", young=0.6, old=0.4, fit=0.5, less=0.35, poor=0.15, no_rt=0.3, rt=0.7
        ),
        "populations/trial_like": POPULATION.format(
            id="trial_like", young=0.9, old=0.1, fit=0.6, less=0.4, poor=0.0, no_rt=0.2, rt=0.8
        ),
        "strategies/policy": "id: policy\nlabel: policy\nlines:\n  first_line:\n"
        "    - {when: {ecog: {min: 2}}, use: supportive_care}\n    - {use: new}\n  second_line:\n"
        "    - {when: {ecog: {max: 0}}, use: second}\n  third_line:\n    - {after: [second], use: third}\n",
        "scenarios/lines": SCENARIO,
        **_changing(),
    }
    for name, text in files.items():
        path = top / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return top


@pytest.fixture(scope="session")
def library(folder: Path) -> Library:
    """The overlay on the bundled library."""
    return Library(folder)


@pytest.fixture(scope="session")
def scenario(folder: Path) -> Any:
    """Lines of treatment of patients whom nothing changes."""
    return sim.load("lines", params=folder)
