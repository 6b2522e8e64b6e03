"""The live sheets of the workbook: partitioned survival in plain formulas, a row a week, one sheet a strategy.

Every formula is written with the value it has at the numbers delivered, computed here with NumPy, so that programs that
do not recalculate show it too. Only functions of every spreadsheet are used: no array formulas, no macros.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulate.economics.amounts import Place, Values
from simulate.economics.clock import discount_factor
from simulate.economics.compared import death_share
from simulate.economics.plan import GIVEN, Planned, summed_by_day
from simulate.economics.traces import PD, PF
from simulate.model.families import FAMILIES
from simulate.model.types import DAYS_PER_MONTH
from simulate.report.workbook_grid import DAYS, Grid, factor, letter, survival, weeks
from simulate.report.workbook_totals import Total, compare, one_off, write_totals

if TYPE_CHECKING:
    from simulate.report.workbook import Book

Array = NDArray[np.float64]
ROOM = 26  # rows above the grid that curves and totals take at least
ON, FREE = "on treatment, discounted", f"{PF}, discounted"
SPARED, CUT, ALIVE = "spared by deaths of other causes", "PFS, at most OS", "alive"
COSTS, EFFECTS = "discount of costs, middle", "discount of effects, middle"
MONTHS = {PF: f"months {PF}", PD: f"months {PD}"}


def write_live(book: Book, plans: Mapping[str, list[Planned]]) -> None:
    """The sheet that compares, in front, then one for every strategy."""
    front = book.sheet("PSM", "Partitioned survival model, recomputed: totals, increments, check")
    sheets = [_Strategy(book, s, f"PSM {i + 1}", plans[s]) for i, s in enumerate(book.evaluation.strategies)]
    compare(book, front, {one.name: (one.label, one.totals()) for one in sheets})


class _Strategy:
    """One strategy's sheet, written as it is made."""

    def __init__(self, book: Book, strategy: str, name: str, plan: list[Planned]) -> None:
        self.book, self.strategy, self.name = book, strategy, name
        self.case, self.label = book.case, book.evaluation.scenario.label(strategy)
        self.values = Values.mean(self.case.file)
        self.death, self.stop = death_share(self.case, strategy), self.case.stops[strategy]
        self.fitted = book.evaluation.structures[strategy]["partitioned"].fitted
        self.sheet = book.sheet(name, f"{name}: {self.label}")
        self.sheet.set_column(0, 0, 26)
        self.sheet.set_column(1, 80, 12)
        self.cells: dict[str, str] = {}
        self._parameters()
        self.once = one_off(book, self.sheet, strategy)
        self.t = weeks(self.case.clock.horizon)
        self.grid = Grid(book, self.sheet, max(ROOM, 6 + len(self.once.rows)) + 3)
        self._curves()
        self._weeks()
        self._planned(plan)
        self._money(plan)
        self._health()

    def value(self, place: Place) -> float:
        """Value of a number of the economic file, 0 where it has none."""
        return float(self.values[place][0]) if place in self.values.by_place else 0.0

    def _input(self, row: int, key: str, label: str, value: float) -> None:
        self.sheet.write_string(row, 0, label)
        self.sheet.write_number(row, 1, value, self.book.live)
        self.cells[key] = f"$B${row + 1}"

    def _parameters(self) -> None:
        """Cells of the curves and rates, in columns A and B."""
        self.sheet.write_string(2, 0, "Curves and rates", self.book.bold)
        row = 3
        for endpoint in ("pfs", "os"):
            curve = self.fitted[endpoint]
            self.sheet.write_string(row, 0, f"{endpoint.upper()}: {curve.family}")
            row += 1
            for i, (name, value) in enumerate(zip(FAMILIES[curve.family].parameters, curve.params, strict=True)):
                self._input(row, f"{endpoint} {i}", f"{endpoint.upper()} {name}", value)
                row += 1
        self._input(row, "death", "share of PFS events that are deaths", self.death)
        self._input(row + 1, "stop", "rate of stopping treatment, a month", self.stop)
        self.outcomes = {
            event: float(probability[0])
            for event, probability in self.case.care(self.strategy).events.items()
            if event in self.case.file.responses
        }
        for i, (event, share) in enumerate(self.outcomes.items()):
            self._input(row + 2 + i, event, f"patients with {event.replace('_', ' ')}", share)

    def _curves(self) -> None:
        """Ends of the weeks: survival, states, what is discounted there."""
        grid, clock, at = self.grid, self.case.clock, self.grid.at
        grid.add("week", None, np.arange(len(self.t), dtype=float))
        grid.add("month", lambda r: f"MIN({at('week', r)}*7/{DAYS},{clock.horizon:.12g})", self.t)
        for endpoint in ("pfs", "os"):
            curve = self.fitted[endpoint]
            cells = [self.cells[f"{endpoint} {i}"] for i in range(len(curve.params))]
            grid.add(
                endpoint.upper(),
                lambda r, family=curve.family, own=tuple(cells): survival(family, at("month", r), *own),  # type: ignore[misc]
                curve.survival(self.t),
            )
        spared = np.ones(len(self.t))
        if self.case.population is not None:
            spared = np.interp(self.t, clock.months, self.case.population)
        grid.add(SPARED, None, spared)
        cut = np.minimum(grid.values["PFS"], grid.values["OS"])
        free, alive = cut * spared, grid.values["OS"] * spared
        grid.add(CUT, lambda r: f"MIN({at('PFS', r)},{at('OS', r)})", cut)
        grid.add(ALIVE, lambda r: f"{at('OS', r)}*{at(SPARED, r)}", alive)
        grid.add(PF, lambda r: f"{at(CUT, r)}*{at(SPARED, r)}", free)
        grid.add(PD, lambda r: f"{at(ALIVE, r)}-{at(PF, r)}", alive - free)
        grid.add("dead", lambda r: f"1-{at(ALIVE, r)}", 1.0 - alive)
        rate, method = self.book.named["costs"], clock.discount.method
        worth = discount_factor(self.t, clock.discount.costs, method)
        grid.add("discount of costs", lambda r: factor(method, at("month", r), rate), worth)
        grid.add(
            ON,
            lambda r: f"{at(PF, r)}*EXP(-{self.cells['stop']}*{at('month', r)})*{at('discount of costs', r)}",
            free * np.exp(-self.stop * self.t) * worth,
        )
        grid.add(FREE, lambda r: f"{at(PF, r)}*{at('discount of costs', r)}", free * worth)

    def _weeks(self) -> None:
        """The weeks themselves: their length, discounting at their middle, time in states, who leaves."""
        grid, at, method = self.grid, self.grid.at, self.case.clock.discount.method
        width, middle = np.diff(self.t), 0.5 * (self.t[1:] + self.t[:-1])
        grid.add("length", lambda r: f"{at('month', r + 1)}-{at('month', r)}", width)
        grid.add("middle", lambda r: f"({at('month', r)}+{at('month', r + 1)})/2", middle)
        for what, name in (("costs", COSTS), ("effects", EFFECTS)):
            rate = self.book.named[what]
            worth = discount_factor(middle, self.case.clock.rate(what), method)
            grid.add(name, lambda r, own=rate: factor(method, at("middle", r), own), worth)  # type: ignore[misc]
        for state in (PF, PD):
            own = grid.values[state]
            grid.add(
                MONTHS[state],
                lambda r, s=state: f"{at('length', r)}*({at(s, r)}+{at(s, r + 1)})/2",  # type: ignore[misc]
                width * 0.5 * (own[1:] + own[:-1]),
            )
        grid.add(
            "progressing",
            lambda r: (
                f"MAX({at(CUT, r)}-{at(CUT, r + 1)},0)*(1-{self.cells['death']})"
                f"*({at(SPARED, r)}+{at(SPARED, r + 1)})/2"
            ),
            np.maximum(-np.diff(grid.values[CUT]), 0.0)
            * (1.0 - self.death)
            * (0.5 * (grid.values[SPARED][1:] + grid.values[SPARED][:-1])),
        )
        grid.add("dying", lambda r: f"{at(ALIVE, r)}-{at(ALIVE, r + 1)}", -np.diff(grid.values[ALIVE]))
        norm = np.ones(len(middle))
        if self.case.norm is not None:
            norm = np.interp(middle, self.case.clock.months, self.case.norm)
        grid.add("age norm", None, norm)

    def _planned(self, plan: list[Planned]) -> None:
        """Planned uses at the ends of weeks, the price of one above each."""
        self.prices = []
        for item in plan:
            j, top = self.grid.width, self.grid.top
            rule = "on treatment" if item.on_treatment else "progression-free"
            self.sheet.write_string(top - 3, j, f"{item.category}, {rule}")
            formula = "+".join(f"{n:.9g}*{self.book.ref(p)}" for p, n in item.parts) or "0"
            if item.factor:
                formula = f"({formula})*{self.book.ref(item.factor)}"
            self.prices.append(item.price(self.values))
            self.sheet.write_formula(top - 1, j, "=" + formula, None, self.prices[-1])
            self.grid.add(item.name, None, item.on_grid(self.t), blank=True, key=f"planned {len(self.prices)}")
        first = self.grid.width - len(plan)
        self.sheet.write_string(
            self.grid.top - 2, first, "price of one use; planned uses at the end of each week below"
        )
        self.first = first

    def _given(self, plan: list[Planned], category: str) -> tuple[list[tuple[str, int, int]], Array]:
        """Ranges of planned columns of a category with what they are multiplied by, and their cost by week."""
        ranges, total = [], np.zeros(len(self.t))
        for rule, ends in ((ON, True), (FREE, False)):
            own = [i for i, p in enumerate(plan) if p.category == category and p.on_treatment == ends]
            if own:
                ranges.append((rule, self.first + own[0], self.first + own[-1]))
            for i in own:
                total += self.grid.values[rule] * self.grid.values[f"planned {i + 1}"] * self.prices[i]
        return ranges, total

    def _money(self, plan: list[Planned]) -> None:
        """Costs by week, discounted."""
        grid, at, ref, price = self.grid, self.grid.at, self.book.ref, self.grid.top
        for category in GIVEN:
            ranges, total = self._given(plan, category)

            def formula(r: int, own: list[tuple[str, int, int]] = ranges) -> str:
                parts = [
                    f"{at(rule, r)}*SUMPRODUCT({letter(a)}{r}:{letter(b)}{r},{letter(a)}${price}:{letter(b)}${price})"
                    for rule, a, b in own
                ]
                return "+".join(parts) or "0"

            grid.add(category, formula, total)
        worth, in_state = grid.values[COSTS], {s: ("states", s, "cost") for s in (PF, PD)}
        grid.add(
            "states",
            lambda r: f"{at(COSTS, r)}*({'+'.join(f'{at(MONTHS[s], r)}*{ref(p)}' for s, p in in_state.items())})",
            worth * sum(grid.values[MONTHS[s]] * self.value(p) for s, p in in_state.items()),
        )
        events: dict[str, tuple[str, tuple[Place, ...]]] = {
            "at progression": ("progressing", (("once", "progression"),)),
            "subsequent": ("progressing", (("subsequent", "share"), ("subsequent", "cost"))),
            "terminal": ("dying", (("once", "death"),)),
        }
        for name, (who, places) in events.items():
            grid.add(
                name,
                lambda r, w=who, p=places: "*".join((at(COSTS, r), at(w, r), *map(ref, p))),  # type: ignore[misc]
                worth * grid.values[who] * np.prod([self.value(p) for p in places]),
            )

    def _health(self) -> None:
        """QALYs by week, discounted."""
        grid, at, ref, worth = self.grid, self.grid.at, self.book.ref, self.grid.values[EFFECTS]
        for state in (PF, PD):
            place = ("states", state, "utility")
            grid.add(
                f"QALYs {state}",
                lambda r, s=state, p=place: f"{at(EFFECTS, r)}*{at(MONTHS[s], r)}/12*{at('age norm', r)}*{ref(p)}",  # type: ignore[misc]
                worth * grid.values[MONTHS[state]] / 12.0 * grid.values["age norm"] * self.value(place),
            )
        self._outcomes()
        last, rate, method = ref(("near_death", "months")), self.book.named["effects"], self.case.clock.discount.method
        months = self.case.file.near_death.months if self.case.file.near_death else 0.0
        spent = np.minimum(grid.values["middle"], months)
        grid.add("last months lived", lambda r: f"MIN({at('middle', r)},{last})", spent)
        grid.add(
            "QALYs last months",
            lambda r: (
                f"-{at('dying', r)}*{at('last months lived', r)}/12*{ref(('near_death', 'decrement'))}*"
                + factor(method, f"({at('middle', r)}-{at('last months lived', r)}/2)", rate)
            ),
            -grid.values["dying"] * spent / 12.0 * self.value(("near_death", "decrement"))
            * discount_factor(grid.values["middle"] - 0.5 * spent, self.case.clock.discount.effects, method),
        )  # fmt: skip

    def _outcomes(self) -> None:
        """QALYs by week of good outcomes, to all who live, for the part of each week in which they last."""
        grid, at = self.grid, self.grid.at
        lived = [grid.values[MONTHS[s]] for s in (PF, PD)]
        for event, share in self.outcomes.items():
            place, response = ("responses", event, "gain"), self.case.file.responses[event]
            end = np.inf if response.days is None else response.after + response.days
            day = self.t * DAYS_PER_MONTH
            inside = np.clip(np.minimum(day[1:], end) - np.maximum(day[:-1], response.after), 0.0, None)
            lasting = f"part of the week with {event.replace('_', ' ')}"
            grid.add(lasting, None, inside / np.diff(day))
            grid.add(
                f"QALYs {event}",
                lambda r, e=event, p=place, w=lasting: (  # type: ignore[misc]
                    f"{at(EFFECTS, r)}*({at(MONTHS[PF], r)}+{at(MONTHS[PD], r)})/12*{at('age norm', r)}*{at(w, r)}"
                    f"*{self.cells[e]}*{self.book.ref(p)}"
                ),
                grid.values[EFFECTS] * sum(lived) / 12.0 * grid.values["age norm"] * grid.values[lasting]
                * share * self.value(place),
            )  # fmt: skip

    def totals(self) -> list[Total]:
        """Totals in cells, each beside the evaluation's own."""
        own = self.book.evaluation.structures[self.strategy]["partitioned"]
        ours = summed_by_day(self.case, self.strategy, own)
        return write_totals(self.book, self.sheet, self.grid, self.once, ours, (MONTHS, tuple(self.outcomes)))
