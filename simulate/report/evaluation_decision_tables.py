"""Tables of what an evaluation means for a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simulate.pathways.background import life_table
from simulate.report.evaluation_decision_words import FEW_MODELS, few, origin_words, people_words, range_words
from simulate.report.evaluation_decisions import WORTH
from simulate.report.numbers import count, fixed, money, percent, plain_number
from simulate.report.view import Cell, Column, Table, row
from simulate.scenario.decision_summary import population_values

if TYPE_CHECKING:
    from simulate.economics.model_range import Missing, ModelRange
    from simulate.economics.subgroups import Subgroup
    from simulate.scenario.decisions import SampleInformation
    from simulate.scenario.evaluation import Evaluation

MILLION = 1e6


def decision_tables(e: Evaluation) -> list[Table]:
    """Every table that there is, in the order in which they are read."""
    d = e.decisions
    found = [
        severity_table(e),
        *(subgroup_table(e, s, own) for s, own in d.subgroups.items() if own),
        price_table(e),
        budget_table(e),
        population_table(e),
        *trial_tables(e),
        *(t for s, r in d.model_range.items() for t in range_tables(e, s, r)),
    ]
    return [t for t in found if t is not None]


def severity_table(e: Evaluation) -> Table | None:
    """Shortfalls, the weight they give, and what it makes of the ratio."""
    found = e.summary()["severity"]
    if found is None:
        return None
    currency, other = e.case.file.currency, e.scenario.label(e.strategies[0])
    columns = (Column("severity of the disease", numeric=False), Column("value"), Column("weight by it"))
    rows = [
        row("QALYs that others of the age can expect", _n(found["qaly_without_disease"], 2), ""),
        row(f"QALYs under {other}", _n(found["qaly_with_disease"], 2), ""),
        row("absolute shortfall", _n(found["absolute"], 2), _n(found["weight_by_absolute"], 1)),
        row("proportional shortfall", percent(found["proportional"]), _n(found["weight_by_proportional"], 1)),
        row("weight of a QALY, the higher", "", _n(found["weight"], 1)),
    ]
    for c in found["contrasts"]:
        who = e.scenario.label(c["strategy"])
        for by, ratio in (("mean of the draws", c["icer_draws"]), ("values of the files", c["icer"])):
            if ratio is not None:
                rows.append(row(Cell(f"cost per weighted QALY, {who}", small=f"{currency}, {by}"), _n(ratio, 0), ""))
        for t, v in c["inmb"].items():
            at = f"at {money(float(t), currency)}"
            rows.append(row(Cell(f"net benefit with weighted QALYs, {who}", small=at), _n(v, 0), ""))
    table = str(e.case.question.life_table)
    origin = life_table(e.scenario.library, table).origin.partition(";")[0]
    note = (
        f"Discounted QALYs at age {plain_number(found['age'])}. Life table: {origin or table}. "
        f"Reference case: {e.case.reference.label}."
    )
    return Table("severity", "Severity modifier", columns, tuple(rows), (note,))


def subgroup_table(e: Evaluation, strategy: str, found: list[Subgroup]) -> Table:
    """Increments of every part of the patients within which the arms were randomised."""
    currency = e.case.file.currency
    columns = (
        Column("patients", numeric=False), Column("share"), Column("randomised", "to each arm", numeric=False),
        Column("added cost", currency), Column("QALYs gained"), Column("cost per QALY", currency),
        *(Column("net benefit", f"at {money(t, currency)}") for t in e.priced),
    )  # fmt: skip
    whole = e.contrasts(e.base_structure)[e.strategies.index(strategy) - 1]
    rows = [
        row("all", percent(1.0, 0), "", _n(whole["delta_cost"], 0), _n(whole["delta_qaly"], 3), _n(whole["icer"], 0),
            *(_n(v, 0) for v in whole["inmb"].values()))
    ]  # fmt: skip
    for g in found:
        one = g.increment
        rows.append(
            row(g.label, percent(g.share, 0), " and ".join(count(n) for n in g.patients.values()), _n(one.cost, 0),
                _n(one.qaly, 3), _n(one.icer, 0), *(_n(one.inmb(t), 0) for t in e.priced))
        )  # fmt: skip
    note = (
        "Strata of the randomised trial, and populations made of them, each under the model’s own curves; subgroups by "
        "what a doctor chose are not contrasted. Adverse events and the rate of stopping are those of the whole trial. "
        "Few patients in a stratum mean a wide error that is not shown here."
    )
    caption = f"Subgroups within which was randomised: {e.scenario.label(strategy)}"
    return Table(f"subgroups-{strategy.replace('_', '-')}", caption, columns, tuple(rows), (note,), wide=True)


def price_table(e: Evaluation) -> Table | None:
    """Price of the dearest drug at which a strategy is just worth its cost."""
    found = e.summary()["value_based_prices"]
    if not found:
        return None
    currency, weight = e.case.file.currency, found[0]["weight"]
    columns = (
        Column("drug", numeric=False), Column("threshold", f"{currency} per QALY"), Column("by", numeric=False),
        Column("share of today’s price"), Column("price of a vial", currency, numeric=False),
        *((Column("share", f"each QALY weighed by {fixed(weight, 1)}"),) if weight is not None else ()),
    )  # fmt: skip
    ways = (("mean of the draws", "_draws"), ("values of the files", ""))[0 if e.draws is not None else 1 :]
    rows = []
    for r in found:
        name = Cell(r["drug"].replace("_", " "), small=e.scenario.label(r["strategy"]))
        for by, kind in ways:
            cells: list[Cell | str] = [_price_share(r[f"factor{kind}"]), _vials(r, f"price{kind}")]
            cells += [_price_share(r[f"factor{kind}_weighted"])] if weight is not None else []
            rows.append(row(name, _n(r["threshold"], 0), by, *cells))
    note = "All else as evaluated: above this price the net benefit is below 0."
    if e.draws is not None:
        note += " The mean of the draws counts for a decision; the values of the files stand beside it."
    return Table("value-based-prices", "Price at which it is just worth it", columns, tuple(rows), (note,), wide=True)


def _price_share(factor: float | None) -> Cell:
    return Cell("none", small="not for nothing") if factor is None else Cell(percent(factor))


def _vials(r: Mapping[str, Any], kind: str) -> str:
    found = [(v["mg"], v[kind]) for v in r["vials"] if v[kind] is not None]
    return "; ".join(f"{plain_number(mg)} mg: {fixed(price, 2 if price < 100 else 0)}" for mg, price in found) or "–"


def budget_table(e: Evaluation) -> Table | None:
    """Costs of each year with and without the decision."""
    found = e.decisions.budget
    if found is None:
        return None
    currency = e.case.file.currency
    million = f"{currency} million"
    columns = (
        Column("year"), Column("patients who start"), Column("uptake"), Column("without the decision"),
        Column("cost with", million), Column("cost without", million), Column("net", million),
        Column("of it drugs", million),
    )  # fmt: skip
    drugs = found.by_category.get("drugs", np.zeros(len(found.patients)))
    rows = []
    for i in range(len(found.patients)):
        shares = (percent(float(x[i]), 0) for x in (found.uptake, found.uptake_without))
        sums = (float(x[i]) / MILLION for x in (found.with_strategy, found.without, found.net, drugs))
        rows.append(row(str(i + 1), count(float(found.patients[i])), *shares, *(_n(x, 1) for x in sums)))
    total = [float(x.sum()) / MILLION for x in (found.with_strategy, found.without, found.net, drugs)]
    rows.append(row("all", "", "", "", *(_n(x, 1) for x in total)))
    affected = e.case.question.population
    assert affected is not None
    assert affected.uptake is not None
    origin = origin_words(e, affected.uptake)
    note = (
        "Undiscounted, at the file’s prices, of those who start in these years, in the years in which it falls; "
        "everybody who starts in a year starts at its beginning, so that early years bear more than they would. Who "
        f"started before is the same either way. Uptake: {origin}. budget_impact.csv has every category."
    )
    caption = f"Budget impact of {e.scenario.label(found.strategy)}"
    return Table("budget-impact", caption, columns, tuple(rows), (note,), wide=True)


def population_table(e: Evaluation) -> Table | None:
    """Value of perfect information to all who are concerned."""
    rows_of, found = population_values(e), e.decisions.reached
    if not rows_of or found is None:
        return None
    currency = e.case.file.currency
    columns = (
        Column("information on", numeric=False),
        *(Column(f"at {money(r['wtp'], currency)}", f"{currency} million") for r in rows_of),
    )
    spread = any(r["high"] > r["low"] for r in rows_of)
    first = []
    for r in rows_of:
        low, high = (fixed(r[k] / MILLION, 1) for k in ("low", "high"))
        first.append(Cell(fixed(r["evpi"] / MILLION, 1), small=f"{low} to {high}" if spread else "",
                          value=r["evpi"] / MILLION))  # fmt: skip
    rows = [row("everything uncertain", *first)]
    for group in rows_of[0]["evppi"]:
        rows.append(row(group, *(_n(r["evppi"][group] / MILLION, 1) for r in rows_of)))
    note = people_words(e)
    if spread:
        note += " The range below the first line is of the number of patients and of the draws’ own error together."
    return Table("population", "Value of information for all patients", columns, tuple(rows), (note,))


def trial_tables(e: Evaluation) -> list[Table]:
    """Expected value of sample information by size of the trial, a table a threshold, where any is worth anything."""
    found = e.decisions.trials
    out = []
    for w, threshold in enumerate(e.priced):
        own = [t for t in found if t.ceiling[w] > WORTH]
        if own:
            out.append(_trial_table(e, own, w, threshold))
    return out


def _trial_table(e: Evaluation, found: list[SampleInformation], w: int, threshold: float) -> Table:
    currency = e.case.file.currency
    sizes = found[0].patients
    columns = (
        Column("trial that informs", numeric=False),
        *(Column(f"{count(n)} an arm", f"{currency} per patient") for n in sizes),
        Column("perfect information", f"{currency} per patient"),
    )
    rows = []
    for t in found:
        cells = [Cell(_money(float(v)), value=float(v)) for v in t.value[:, w]]
        rows.append(row(t.group, *cells, Cell(_money(float(t.ceiling[w])), value=float(t.ceiling[w]))))
        if t.population is not None:
            own = [_n(float(v) / MILLION, 2) for v in t.population[:, w]]
            rows.append(row(Cell(t.group, small=f"all patients, {currency} million"), *own, ""))
        if t.net_gain is not None:
            own = [_n(float(v) / MILLION, 2) for v in t.net_gain[:, w]]
            rows.append(row(Cell(t.group, small=f"less the trial’s cost, {currency} million"), *own, ""))
    note = (
        "Expected value of sample information, by a normal approximation: a trial of n patients an arm removes "
        "n / (n + n₀) of a parameter’s variance, where n₀ is how many patients today’s knowledge is worth: for "
        "survival and adverse events the arm of the trial they come from, and the new trial follows its patients as "
        "long. Few draws for many parameters raise it, as they raise that of perfect information."
    )
    if e.case.question.proposed_trial is None:
        note += " The scenario proposes no trial; these sizes are examples."
    caption = f"What a further trial is worth at {money(threshold, currency)} per QALY"
    return Table(f"evsi-{threshold:.0f}", caption, columns, tuple(rows), (note,), wide=True)


def range_tables(e: Evaluation, strategy: str, found: ModelRange) -> list[Table]:
    """The answer over all models, and what each missing figure would leave of its range."""
    currency = e.case.file.currency
    columns = (
        Column("figure that is not reported", numeric=False), Column("models predict", "comparator", numeric=False),
        Column("models predict", "strategy", numeric=False), Column("it would explain"),
        Column("range of net benefit left", currency),
    )  # fmt: skip
    low, high = found.inmb
    rows = [row("none, as now", "", "", "", _n(high - low, 0))]
    for m in found.missing:
        ends = [_span(m, i) for i in (0, 1)]
        unknown = few(found) and m.explained <= 0.0
        left = Cell("–") if unknown else _n(m.remaining, 0)
        rows.append(row(m.name, *ends, "–" if unknown else percent(m.explained, 0), left))
    name = strategy.replace("_", "-")
    caption = f"What a further reported figure would tell: {e.scenario.label(strategy)}"
    notes = [range_words(e, strategy, found)]
    if any(r[3].text == "–" for r in rows) and FEW_MODELS not in notes[0]:
        notes.append(f"–: {FEW_MODELS[0].lower()}{FEW_MODELS[1:]}")
    return [Table(f"missing-figures-{name}", caption, columns, tuple(rows), tuple(notes), wide=True)]


def _span(m: Missing, i: int) -> str:
    if m.name.startswith("median"):
        return f"{fixed(m.low[i], 1)} to {fixed(m.high[i], 1)} months"
    return f"{percent(m.low[i])} to {percent(m.high[i])}"


def _n(value: float | None, decimals: int) -> Cell:
    return Cell(fixed(value, decimals), value=value)


def _money(value: float) -> str:
    return fixed(value, 2 if 0.005 < abs(value) < 10.0 else 0)
