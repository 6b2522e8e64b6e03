"""Economic files: every fault gives one clear message with its line, its field and what to do."""

# A table of faults reads best with one fault a line, however long.
# ruff: noqa: E501
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulate.errors import InputError
from simulate.evidence import Library
from tests.evidence.pathway_files import assert_said, damaged

DATA = Path(__file__).parent / "data"
FILE, RULES_OF, SCENARIO, REGIMEN = "economics/toy", "reference_cases/rules", "scenarios/worth", "regimens/given"
EXAMINATION = "examination: {value: 120, se: 20, assumed"
PROGRESSED = "utility: {value: 0.6, interval: {low: 0.5, high: 0.7}, assumed"
# name: (passage, what replaces it, what the message must say). The line is that of the first difference.
FIELDS = {
    "negative cost": ("value: 145", "value: -145", "administration.first_hour.value: -145 must be at least 0"),
    "cost in words": ("value: 145", "value: dear", "first_hour.value: 'dear' is not a number"),
    "cost without an amount": ("value: 145", "valve: 145", "first_hour.(value: is missing|valve: no such field)"),
    "cost that is not a number": ("value: 145", "value: .nan", "first_hour.value: .nan is not a number"),
    "cost without end": ("value: 145", "value: .inf", "first_hour.value: .inf is not a number"),
    "price that is only a number": (EXAMINATION, "examination: 120 #", "monitoring.examination: 120 is not a mapping"),
    "utility above 1": ("value: 0.7, se", "value: 7.1, se", "progression_free.utility.value: 7.1 must be at most 1"),
    "utility below -1": ("value: 0.7, se", "value: -1.1, se", "utility.value: -1.1 must be at least -1"),
    "disutility with a sign": ("disutility: {value: 0.1", "disutility: {value: -0.1", "rash.disutility.value: -0.1 must be at least 0"),
    "share in per cent": ("share: {value: 0.5", "share: {value: 50", "subsequent.share.value: 50 must be at most 1"),
    "negative standard error": ("se: 20", "se: -20", "examination.se: -20 must be greater than 0"),
    "standard error of zero": ("se: 20", "se: 0", "examination.se: 0 must be greater than 0"),
    "unknown currency": ("currency: USD", "currency: USS", "currency: 'USS' is not one of .* Did you mean 'USD'"),
    "unknown currency of an amount": ("currency: EUR,", "currency: XXX,", "price.currency: 'XXX' is not one of"),
    "year of two digits": ("price_year: 2020", "price_year: 20", "price_year: 20 must be at least 1980"),
    "year in words": ("price_year: 2020", "price_year: last", "price_year: 'last' is not a whole number"),
    "unknown distribution": ("distribution: fixed", "distribution: fixd", "'fixd' is not one of .* Did you mean 'fixed'"),
    "waste in words": ("waste: whole", "waste: hole", "examplumab.waste: 'hole' is not one of .* Did you mean 'whole'"),
    "drug without vials": ("vials: [{mg: 100, price: {value: 800, source: smith_2020, seen: seed}}]", "vials: []", "examplumab.vials: needs at least 1 item"),
    "drug without a price": ("{mg: 100, price: {value: 800, source: smith_2020, seen: seed}}", "{mg: 100}", r"examplumab.vials\[0\].price: is missing"),
    "vial of nothing": ("{mg: 50,", "{mg: 0,", r"cisplatin.vials\[0\].mg: 0 must be greater than 0"),
    "interval of 95": ("high: 0.7}", "high: 0.7, level: 95}", "interval.level: 95 must be less than 1"),
    "half an interval": ("low: 0.5, high: 0.7", "low: 0.5", "interval.high: is missing"),
    "bad name of a drug": ("  cisplatin:", "  Cis Platin:", "Use lower-case letters"),
    "event without such an end": ("  death: {", "  deaths: {", "once.deaths: 'deaths' is not one of .* Did you mean 'death'"),
    "unknown field": ("hours: 2", "hour: 2", "examplumab.hour: no such field. Did you mean 'hours'"),
    "unknown field of the file": ("once:", "ones:", "ones: no such field. Did you mean 'once'"),
    "price twice": (EXAMINATION, "examination: {value: 1, assumed: true, why: x}\n  " + EXAMINATION, "duplicate key 'examination'"),
    "id against file name": ("id: toy", "id: boy", "'boy' differs from the file's name. Rename"),
    "exchange for nothing": ("rate: 1.1", "rate: 0", "exchange.EUR.rate: 0 must be greater than 0"),
    "near death for no time": ("near_death: {months: 1", "near_death: {months: 0", "near_death.months: 0 must be greater than 0"),
}  # fmt: skip
RULES = {
    "no source": ("monitoring:\n  " + EXAMINATION + ": true, why: invented}", "monitoring:\n  examination: {value: 120, se: 20}", "monitoring.examination: has no source. Name its `source`"),
    "no reason": (EXAMINATION + ": true, why: invented}", EXAMINATION + ": true}", "monitoring.examination: is assumed without a reason. Add `why`"),
    "not seen": ("price: {value: 800, source: smith_2020, seen: seed}", "price: {value: 800, source: smith_2020}", r"vials\[0\].price: does not say how its source was seen"),
    "unknown source": ("value: 800, source: smith_2020", "value: 800, source: smyth_2020", r"price.source: no source 'smyth_2020'. Did you mean 'smith_2020'"),
    "unknown source of the file": ("sources: [smith_2020]", "sources: [smyth_2020]", r"sources\[0\]: no source 'smyth_2020'"),
    "index without a source": ("  assumed: true\n  why: invented\nexchange", "  why: invented\nexchange", "index: has no source"),
    "norm without a source": ("-0.004], assumed: true", "-0.004]", "age_norm: has no source"),
    "exchange without a source": ("year: 2018, assumed: true", "year: 2018", "exchange.EUR: has no source"),
    "other year without an index": ("  label: prices\n  values:\n    - {year: 2016, value: 100.0}\n    - {year: 2018, value: 110.0}\n    - {year: 2020, value: 120.0}", "  label: prices\n  values:\n    - {year: 2018, value: 110.0}\n    - {year: 2020, value: 120.0}", "progressed.cost.price_year: the index has no value for 2016. Add it to `index.values`"),
    "index without the file's year": ("    - {year: 2020, value: 120.0}\n", "", "the index has no value for 2020"),
    "other currency without exchange": ("  EUR: {rate", "  GBP: {rate", r"cisplatin.vials\[1\].price.currency: is in EUR, the file in USD, and no exchange rate is given. Add `exchange: \{EUR"),
    "exchange with oneself": ("  EUR: {rate: 1.1, year: 2018", "  USD: {rate: 1.1, year: 2020, assumed: true, why: x}\n  EUR: {rate: 1.1, year: 2018", "exchange.USD: is the file's own currency. Remove it"),
    "exchange of a year without index": ("{rate: 1.1, year: 2018", "{rate: 1.1, year: 2017", "exchange.EUR.year: the index has no value for 2017"),
    "price abroad of another year": ("{value: 18, currency: EUR", "{value: 18, price_year: 2010, currency: EUR", r"vials\[1\].price.price_year: 2010 is not 2018, the year of the rate of EUR, and no index is given. Add `exchange.EUR.index` with a value for both years, or `indexed: false` to the amount"),
    "index abroad of no source": ("{rate: 1.1, year: 2018", "{rate: 1.1, index: {label: x, values: [{year: 2018, value: 1}]}, year: 2018", "exchange.EUR.index: has no source"),
    "not indexed and of no year": ("{value: 18, currency: EUR", "{value: 18, indexed: false, currency: EUR", r"vials\[1\].price.indexed: is false of an amount without its year. Give `price_year`"),
    "both se and cv": ("{value: 120, se: 20", "{value: 120, cv: 0.2, se: 20", "monitoring.examination: has se and cv. Keep one"),
    "both se and an interval": ("{value: 0.6, interval", "{value: 0.6, se: 0.05, interval", "progressed.utility: has se and interval. Keep one"),
    "spread of a fixed number": ("{value: 10, distribution: fixed", "{value: 10, se: 1, distribution: fixed", r"vials\[0\].price.se: is given for a fixed number"),
    "interval beside the value": ("{low: 0.5, high: 0.7}", "{low: 0.61, high: 0.7}", "progressed.utility.interval: 0.61 to 0.7 does not contain the value 0.6"),
    "interval upside down": ("{low: 0.5, high: 0.7}", "{low: 0.7, high: 0.5}", "interval: 0.7 to 0.5 does not contain the value 0.6"),
    "standard deviation of a cost": ("se: 20", "se: 200", "monitoring.examination.se: 200 exceeds the value 120. Give the standard error of the mean, not a standard deviation"),
    "standard deviation of a utility": ("value: 0.7, se: 0.05", "value: 0.7, se: 0.5", "progression_free.utility.se: 0.5 is wider than any distribution between 0 and 1 with mean 0.7. Give the standard error"),
    "standard deviation of a disutility": ("value: 0.1, se: 0.04", "value: 0.1, se: 0.4", "rash.disutility.se: 0.4 is wider than any distribution"),
    "standard deviation of a weight": ("value: 70, se: 1.5", "value: 70, se: 150", "bodies.weight.se: 150 exceeds the value 70"),
    "wide share by its cv": ("share: {value: 0.5, se: 0.03", "share: {value: 0.8, cv: 0.9", "subsequent.share.cv: 0.72 is wider than any distribution"),
    "wide utility by its interval": (PROGRESSED, "utility: {value: 0.6, interval: {low: -1, high: 2}, assumed", "progressed.utility.interval: 0.765.* is wider than any"),
    "cv in per cent": ("value: 145, cv: 0.2", "value: 145, cv: 20", "first_hour.cv: 20 is a standard error larger than the value. A coefficient of variation of 20 % is 0.2"),
    "beta cost": ("{value: 10, distribution: fixed", "{value: 10, distribution: beta", "a beta mean lies between 0 and 1, found 10. Take normal or fixed"),
    "gamma of nothing": ("{value: 10, distribution: fixed", "{value: 0, distribution: gamma", "a gamma mean is above 0, found 0"),
    "lognormal utility below death": (PROGRESSED, "utility: {value: -0.1, se: 0.05, distribution: lognormal, assumed", "a lognormal mean is above 0, found -0.1"),
    "vial twice": ("{mg: 100, price: {value: 18", "{mg: 50, price: {value: 18", r"cisplatin.vials\[1\]: a vial of 50 mg stands twice. Keep the price that is paid"),
    "disutility without days": ("    days: 30\n", "", "toxicities.rash: has only one of `disutility` and `days`"),
    "days without a disutility": ("    disutility: {value: 0.1, se: 0.04, assumed: true, why: invented}\n", "", "toxicities.rash: has only one of `disutility` and `days`"),
    "event without values": ("    cost: {value: 400, cv: 0.2, assumed: true, why: invented}\n    disutility: {value: 0.1, se: 0.04, assumed: true, why: invented}\n    days: 30\n", "    why: forgotten\n", "toxicities.rash: has neither a cost nor a disutility"),
    "drugs that nobody gives": ("administration:\n  first_hour: {value: 145, cv: 0.2, assumed: true, why: invented}\n", "", "drugs: are priced, their administration is not. Add `administration`"),
    "unknown reference case": ("reference_case: rules", "reference_case: ruled", "reference_case: no reference case 'ruled'. Did you mean 'rules'"),
    "currency of other rules": ("currency: USD", "currency: GBP", "GBP is not the currency of reference case rules, USD"),
    "unknown state": ("  progressed:", "  progresed:", "states.progresed: no state 'progresed'. Did you mean 'progressed'"),
}  # fmt: skip
CASES = {**FIELDS, **RULES}
# What is missing is reported where it should be; what needs a year or a currency at each amount that has another.
ELSEWHERE = {
    "price twice", "index without a source", "other year without an index", "index without the file's year",
    "other currency without exchange", "disutility without days", "days without a disutility", "event without values",
    "drugs that nobody gives",
}  # fmt: skip
SCENARIOS = {
    "unknown setting": ("setting: toy", "setting: tory", "economics.setting: no economic file 'tory'. Did you mean 'toy'"),
    "no setting": ("  setting: toy\n", "", "economics.setting: is missing"),
    "unknown regimen": ("standard: other", "standard: othre", "regimens.standard: no regimen 'othre'. Did you mean 'other'"),
    "unknown regimen of several": ("other: 0.25", "othre: 0.25", "regimens.new.othre: no regimen 'othre'. Did you mean 'other'"),
    "unknown strategy": ("    standard: other", "    standart: other", "regimens.standart: no strategy 'standart'. Did you mean 'standard'"),
    "strategy without a regimen": ("    standard: other\n", "", "economics.regimens: strategy 'standard' has no regimen, so nothing says what it uses"),
    "shares that do not sum": ("given: 0.75", "given: 0.65", "regimens.new: shares add up to 0.9. Shares of all regimens add up to 1"),
    "share in per cent": ("given: 0.75", "given: 75", "regimens.new.*: 75 must be at most 1"),
    "negative share": ("given: 0.75", "given: -0.75", "regimens.new.*: -0.75 must be at least 0"),
    "treated without a regimen": ("    new: {median", "    old: {median", "treated.old: strategy 'old' has no regimen. Known: new, standard"),
    "treated without a source": ("7, source: smith_2020, seen: seed", "7", "treated.new: has no source"),
    "treated by an unknown source": ("7, source: smith_2020", "7, source: smyth_2020", "treated.new.source: no source 'smyth_2020'"),
    "no cycle": ("median_cycles: 7", "median_cycles: 0.5", "treated.new.median_cycles: 0.5 must be at least 1"),
    "cycle beyond the horizon": ("cycle: 1\n", "cycle: 61\n", "economics.cycle: a cycle of 61 months is longer than the horizon, 60. Shorten"),
    "cycle of no length": ("cycle: 1\n", "cycle: 0\n", "economics.cycle: 0 must be greater than 0"),
    "unknown counting": ("counting: half_cycle", "counting: half_cycles", "counting: 'half_cycles' is not one of .* Did you mean 'half_cycle'"),
    "rate in per cent": ("effects: 0.015", "effects: 1.5", "discounting.effects: 1.5 must be less than 1"),
    "negative rate": ("effects: 0.015", "effects: -0.015", "discounting.effects: -0.015 must be at least 0"),
    "unknown method": ("method: yearly", "method: yearling", "method: 'yearling' is not one of .* Did you mean 'yearly'"),
    "thresholds out of order": ("[20000, 30000]", "[30000, 20000]", "economics.thresholds: do not increase. Sort them, each once"),
    "a threshold of nothing": ("[20000, 30000]", "[0, 30000]", r"thresholds\[0\]: 0 must be greater than 0"),
    "negative threshold": ("[20000, 30000]", "[-20000, 30000]", r"thresholds\[0\]: -20000 must be greater than 0"),
    "no age for the norm": ("  start_age: 50\n", "", "economics.start_age: toy has an age norm, and no age is given"),
    "unknown field": ("counting:", "counts:", "economics.counts: no such field. Did you mean 'counting'"),
    "nobody a year": ("value: 400", "value: 0", "population.yearly.value: 0 must be greater than 0"),
    "patients in words": ("value: 400", "value: many", "population.yearly.value: 'many' is not a number"),
    "patients without a source": ("se: 40, source: smith_2020, seen: seed", "se: 40", "population.yearly: has no source. Name its `source`"),
    "patients by an unknown source": ("se: 40, source: smith_2020", "se: 40, source: smyth_2020", "population.yearly.source: no source 'smyth_2020'"),
    "patients with two spreads": ("se: 40", "cv: 0.1, se: 40", "population.yearly: has se and cv. Keep one"),
    "no patients a year": ("    yearly: {value: 400, se: 40, source: smith_2020, seen: seed}\n", "", "economics.population.yearly: is missing"),
    "no years": ("years: 8", "years: 0", "population.years: 0 must be greater than 0"),
    "too many years": ("years: 8", "years: 2030", "population.years: 2030 must be at most 100"),
    "uptake in per cent": ("[0.25, 0.5]", "[25, 50]", r"uptake.shares\[0\]: 25 must be at most 1"),
    "no uptake": ("[0.25, 0.5]", "[]", "uptake.shares: needs at least 1 item"),
    "uptake of other years": ("[0.0, 0.125]", "[0.0]", "population.uptake.without: has 1 years where `shares` has 2. Give one share"),
    "uptake without a reason": (", assumed: true, why: invented}\n  proposed", "}\n  proposed", "population.uptake: has no source"),
    "uptake of nothing": ("strategy: new", "strategy: knew", "uptake.strategy: no strategy 'knew' is held against the comparator. Did you mean 'new'"),
    "uptake of the comparator": ("strategy: new", "strategy: standard", "uptake.strategy: no strategy 'standard' is held against the comparator"),
    "starting in words": ("strategy: new", "starting: yearly", "uptake.starting: 'yearly' is not one of .*beginning"),
    "sizes out of order": ("[100, 250]", "[250, 100]", "proposed_trial.patients_per_arm: do not increase. Sort them"),
    "trial of nobody": ("[100, 250]", "[0, 250]", r"patients_per_arm\[0\]: 0 must be at least 1"),
    "trial of no size": ("[100, 250]", "[]", "patients_per_arm: needs at least 1 item"),
    "trial of something else": ("informs: survival", "informs: survivor", "proposed_trial.informs: 'survivor' is not one of .* Did you mean 'survival'"),
    "trial that pays": ("value: 900000", "value: -900000", "proposed_trial.cost.value: -900000 must be at least 0"),
    "cost of a trial without a source": ("EUR, assumed: true, why: invented", "EUR", "proposed_trial.cost: has no source"),
    "cost of a trial without exchange": ("currency: EUR", "currency: CAD", "proposed_trial.cost.currency: is in CAD, the file in USD, and no exchange rate is given"),
    "results in the past": ("years: 3", "years: -3", "proposed_trial.years: -3 must be at least 0"),
}  # fmt: skip
MISSING_IN_SCENARIO = {
    "no setting", "strategy without a regimen", "no age for the norm", "no patients a year", "uptake without a reason",
}  # fmt: skip
REFERENCES = {
    "threshold of nothing": ("value: 50000", "value: 0", r"thresholds\[0\].value: 0 must be greater than 0"),
    "threshold without a source": ("value: 50000, assumed: true", "value: 50000", r"thresholds\[0\]: has no source"),
    "rate in per cent": ("costs: 0.03", "costs: 3", "discounting.costs: 3 must be less than 1"),
    "rate too small": ("costs: 0.03", "costs: 0.0000001", "discounting.costs: 1e-07 is neither 0 nor at least"),
    "weights out of order": ("weight: 1.7", "weight: 1.1", r"severity.weights\[1\]: does not exceed the one before"),
    "proportion in per cent": ("proportional: 0.5", "proportional: 50", r"proportional: 50 must be at most 1"),
    "discounting of no origin": ("discounting_origin: {source: smith_2020, seen: seed}\n", "", "discounting_origin: is missing"),
    "unknown source": ("{source: smith_2020", "{source: smyth_2020", "discounting_origin.source: no source 'smyth_2020'"),
}  # fmt: skip
# What a scenario misses in the file of prices, said at the scenario: passage of the file, message.
UNPRICED = {
    "drug without a price": (FILE, "  examplumab:", "  examplumob:", "regimens.new.given: toy has no price of examplumab, which given gives. Add `drugs.examplumab`"),
    "dose without a body": (FILE, "  weight: {value: 70, se: 1.5, between: 15, source: smith_2020, seen: seed}\n", "", "examplumab is given in mg/kg, and toy has no weight. Add `bodies.weight`"),
    "dose without a surface": (FILE, "  body_surface: {value: 1.75, se: 0.02, between: 0.2, assumed: true, why: invented}\n", "", "cisplatin is given in mg/m2, and toy has no body surface"),
    "missing utility": (FILE, "    utility: {value: 0.7, se: 0.05, source: smith_2020, seen: seed}\n", "", "economics.setting: toy gives no utility of progression_free. Add `states.progression_free.utility`"),
    "operation without a price": (FILE, "  surgery: {", "  surgeon: {", "toy has no price of surgery, part of given. Add `procedures.surgery`"),
    "drug without a dose": (REGIMEN, 'dose: 15, unit: mg/kg, days: [1, 15], schedule: "over 1 hour"', "days: [1, 15]", "given does not say how examplumab is dosed. Give `dose`, `unit` and `days`"),
    "file with errors": (FILE, "value: 145", "value: -145", "economics.setting: economic file 'toy' has errors. See `simulate check economics/toy`"),
    "regimen with errors": (REGIMEN, "dose: 15", "dose: -15", "regimens.new.given: regimen 'given' has errors. See `simulate check regimens/given`"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A writable copy of the small library with an evaluation, which stands alone."""
    target = Path(shutil.copytree(DATA / "library", tmp_path / "params"))
    shutil.copytree(DATA / "economics", target, dirs_exist_ok=True)
    monkeypatch.setattr("simulate.evidence.library.bundled_params", lambda: target)
    return target


def test_the_small_files_are_sound(folder):
    library = Library([])
    for name in (FILE, RULES_OF, SCENARIO):
        assert library.check(name) == []
    assert library.economics("toy").quantities()["drugs", "cisplatin", "vials", 1, "price"].value == 18


def refused(path: Path, line: int | None, says: str) -> None:
    """One message of this file and line, the same when the file is loaded; beside it at most two that follow."""
    library = assert_said(path, line, says, most=3)
    with pytest.raises(InputError) as caught:
        library.record(path.parent.name, path.stem)
    assert path.name in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("name", CASES)
def test_each_fault_of_an_economic_file(name, folder):
    old, new, says = CASES[name]
    path, line = damaged(folder, FILE, old, new)
    refused(path, None if name in ELSEWHERE else line, says)


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_fault_of_an_evaluation(name, folder):
    old, new, says = SCENARIOS[name]
    path, line = damaged(folder, SCENARIO, old, new)
    refused(path, None if name in MISSING_IN_SCENARIO else line, says)


@pytest.mark.parametrize("name", REFERENCES)
def test_each_fault_of_a_reference_case(name, folder):
    old, new, says = REFERENCES[name]
    path, line = damaged(folder, RULES_OF, old, new)
    refused(path, None if name == "discounting of no origin" else line, says)
    problems = Library([]).check(FILE)  # a file under it says only where to look
    assert [p.field for p in problems] == ["reference_case"]
    assert "reference case 'rules' has errors" in str(problems[0])


@pytest.mark.parametrize("name", UNPRICED)
def test_what_an_evaluation_misses_elsewhere(name, folder):
    kind, old, new, says = UNPRICED[name]
    damaged(folder, kind, old, new)
    refused(folder / f"{SCENARIO}.yaml", None, says)


def test_without_an_index_every_other_year_is_refused(folder):
    path = folder / f"{FILE}.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("index:"), text.index("exchange:")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    problems = Library([]).check(path)
    assert [p.field for p in problems] == ["exchange.EUR.year", "states.progressed.cost.price_year"]
    assert all("is not the file's price year 2020, and no index is given. Add `index`" in str(p) for p in problems)


def test_an_index_abroad_needs_both_years(folder):
    path = folder / f"{FILE}.yaml"
    text = path.read_text(encoding="utf-8")
    index = "index: {label: there, assumed: true, why: x, values: [{year: 2016, value: 1}]}"
    text = text.replace("{rate: 1.1,", f"{{{index}, rate: 1.1,").replace("{value: 18,", "{value: 18, price_year: 2016,")
    path.write_text(text, encoding="utf-8")
    assert [str(p).partition("price_year: ")[2] for p in Library([]).check(path)] == [
        "the index has no value for 2018. Add it to `exchange.EUR.index.values`, or `indexed: false` to the amount."
    ]
    path.write_text(text.replace("price_year: 2016", "price_year: 2016, indexed: false"), encoding="utf-8")
    assert Library([]).check(path) == []


def test_a_trial_is_weighed_by_whom_it_serves(folder):
    path = folder / f"{SCENARIO}.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("  population:"), text.index("  proposed_trial:")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    problems = Library([]).check(path)
    assert [p.field for p in problems] == ["economics.proposed_trial.cost"]
    assert "nothing says how many patients the decision concerns. Add `economics.population`" in str(problems[0])


def test_all_errors_of_a_file_are_reported_at_once(folder):
    damaged(folder, FILE, "se: 20", "se: 200")
    damaged(folder, FILE, "    days: 30\n", "")
    path, _ = damaged(folder, FILE, "mg: 100, price: {value: 18", "mg: 50, price: {value: 18")
    assert [p.field for p in Library([]).check(path)] == [
        "drugs.cisplatin.vials[1]",
        "monitoring.examination.se",
        "toxicities.rash",
    ]
