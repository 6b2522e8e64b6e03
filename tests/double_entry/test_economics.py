"""A second transcription of the numbers of the economic files, compared with `params/`.

`economics_second.csv` was typed blind, from the evidence table and public pages; `economics_second_2.csv` later, of the
numbers that had come since, from the same kinds of source looked up anew, but by a hand that had seen the files. Their
column `printed` holds what is printed: `;` parts the inputs of a computation, `|` candidates of which one is meant;
`found` says where, and is `unseen` where nothing was found. A number agrees if it is the printed one, per cent as a
share and a loss without its sign, and its interval or standard error the printed one too.

Everything else needs a line in `economics_rulings.csv`: the part of the number, how it follows from what was printed,
and why. In a computation `a`, `b`, … are what was printed, `low` and `high` the printed interval; the result is
compared to the digits that the file gives. `ours` stands for a spread that no source printed, `ours:` with a
computation for such a standard error. Years of prices are those printed with the amount, else of the citation, else
ruled on by source; all but prices of drugs are brought on by an index that has their year, abroad where they are from
there. A ruling without which the transcriptions agree is an error.
"""

from __future__ import annotations

import ast
import csv
import math
import operator
import re
import string
from pathlib import Path

import pytest

from simulate.evidence import Library
from simulate.evidence.economics_schema import PriceIndex, places_of
from simulate.evidence.money_schema import Disutility, Money, Quantity, Share

HERE = Path(__file__).parent
FILES = ("us", "uk")
CHAINED = "percent over the year before"
SHARE_OF_VALUE = re.compile(r"\+/-(\d+)%")
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


LIBRARY = Library([])
ENTRIES = {(r["file"], r["place"]): r for n in ("economics_second", "economics_second_2") for r in rows(f"{n}.csv")}
RULINGS = {(f, r["place"], r["part"]): r for r in rows("economics_rulings.csv") for f in r["file"].split()}
SCENARIOS = {s: LIBRARY.scenario(s).economics for s in LIBRARY.scenarios() if LIBRARY.scenario(s).economics}


def stated(file: str, place: str) -> object:
    """What a file says at a place."""
    found: object = LIBRARY.economics(file) if file in FILES else SCENARIOS[file]
    for part in place.split("."):
        if isinstance(found, PriceIndex):
            found = found.of(int(part))
        elif isinstance(found, dict):
            found = found[part]
        elif isinstance(found, tuple):
            found = found[int(part)]
        else:
            found = getattr(found, part)
    return found


def value_of(found: object) -> float:
    return found.value if isinstance(found, Quantity) else float(found)  # type: ignore[arg-type]


def numbers(printed: str) -> list[float]:
    return [float(n) for n in re.split(r"[;|]", printed)]


def computed(text: str, entry: dict[str, str]) -> float:
    """An expression over what was printed."""
    known = dict(zip(string.ascii_lowercase, numbers(entry["printed"]), strict=False))
    known |= {k: float(entry[k]) for k in ("low", "high") if entry[k]}

    def value(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=float() | int()):
                return float(node.value)  # type: ignore[arg-type]
            case ast.Name():
                return known[node.id]
            case ast.BinOp():
                return OPERATIONS[type(node.op)](value(node.left), value(node.right))
            case ast.Call(func=ast.Name(id="sqrt")):
                return math.sqrt(value(node.args[0]))
        raise ValueError(ast.dump(node))

    return value(ast.parse(text.strip(), mode="eval").body)


def same(stands: float, computation: float) -> bool:
    """Equal to the last digit that a file gives."""
    digits = repr(stands).removesuffix(".0").partition(".")[2]
    return abs(stands - computation) <= 0.5 * 10 ** -len(digits) * (1 + 1e-9) + 1e-12


def scaled(file: str, place: str, entry: dict[str, str], text: str = "a") -> tuple[list[float], object]:
    """The value and the ends of the interval as the file should have them by a computation, and what it has."""
    found = stated(file, place)
    out = [computed(text, entry)]
    if entry["low"] and entry["high"]:
        ends = [computed(re.sub(r"\ba\b", end, text), entry) for end in ("low", "high")]
        out += ends
    elif share := SHARE_OF_VALUE.fullmatch(entry["level"]):
        out += [out[0] * (1 - int(share[1]) / 100), out[0] * (1 + int(share[1]) / 100)]
    if isinstance(found, Disutility):
        out = [abs(n) for n in out]
    if isinstance(found, Share) and text == "a":
        out = [n / 100 for n in out]
    return [out[0], *sorted(out[1:])], found


def text_of(file: str, place: str) -> str | None:
    ruling = RULINGS.get((file, place, "value"))
    return ruling and ruling["computed"]


def index_year(file: str, place: str) -> float:
    """An index chained from the printed rates, from its first year on."""
    if not ENTRIES[file, place]["printed"]:
        return value_of(stated(file, place))
    before = f"index.{int(place.removeprefix('index.')) - 1}"
    return index_year(file, before) * (1 + float(ENTRIES[file, place]["printed"]) / 100)


def value_agrees(file: str, place: str) -> bool:
    entry = ENTRIES[file, place]
    if entry["unit"] == CHAINED:
        return same(value_of(stated(file, place)), index_year(file, place))
    if not re.fullmatch(r"-?[\d.]+", entry["printed"]):
        return False
    (value, *_), found = scaled(file, place, entry)
    return math.isclose(value_of(found), value, rel_tol=1e-12)


def spread_agrees(file: str, place: str) -> bool:
    """The printed interval or standard error, after the same computation as the value; `cv` where none was printed."""
    entry = ENTRIES[file, place]
    if not entry["printed"] or not isinstance(found := stated(file, place), Quantity):
        return True
    if entry["se"]:
        return found.se == float(entry["se"])
    (_, *ends), _ = scaled(file, place, entry, text_of(file, place) or "a")
    if ends:
        return found.interval is not None and all(
            same(stands, end) for stands, end in zip((found.interval.low, found.interval.high), ends, strict=True)
        )
    return not entry["low"] and found.se is None and found.interval is None


def years(text: str) -> set[int]:
    return {int(y) for y in re.findall(r"\b(?:19|20)\d\d\b", text)}


def money_agrees(file: str, place: str) -> bool:
    """The printed currency, year of prices and size of a vial."""
    entry, found = ENTRIES[file, place], stated(file, place)
    if not isinstance(found, Money) or not entry["printed"]:
        return True
    setting = LIBRARY.economics(file if file in FILES else SCENARIOS[file].setting)
    unit = entry["unit"]
    currency = found.currency or setting.currency
    if re.findall(r"\b(?:USD|GBP)\b", unit)[0] != currency:
        return False
    if size := re.search(r"per (\d[\d.]*) (m?g) .*vial|per (\d[\d.]*) (m?g) vial", unit):
        number, of = [g for g in size.groups() if g]
        if stated(file, place.removesuffix("price") + "mg") != float(number) * (1000 if of == "g" else 1):
            return False
    index = setting.index if currency == setting.currency else setting.exchange[currency].index
    if place.startswith("drugs."):  # list prices stand as they were
        if found.indexed and found.price_year is not None:
            return False
    elif found.indexed == (found.price_year is not None and index.of(found.price_year) is None):
        return False
    year = found.price_year or setting.price_year
    if years(unit):
        return year in years(unit)
    ruling = RULINGS.get(("source", found.source, "year"))
    return year == int(ruling["computed"]) if ruling else year in years(LIBRARY.sources[found.source].citation)


AGREE = {"value": value_agrees, "spread": spread_agrees, "money": money_agrees}


@pytest.mark.parametrize(("file", "place"), ENTRIES, ids=map(" ".join, ENTRIES))
def test_both_transcriptions_agree(file, place):
    if ENTRIES[file, place]["found"] == "unseen":
        assert (file, place, "unseen") in RULINGS
        return
    for part, agrees in AGREE.items():
        if (file, place, part) not in RULINGS:
            assert agrees(file, place), (part, ENTRIES[file, place], stated(file, place))


@pytest.mark.parametrize(("file", "place", "part"), RULINGS, ids=map(" ".join, RULINGS))
def test_a_ruling_is_needed_and_gives_the_number(file, place, part):
    ruling = RULINGS[file, place, part]
    assert len(ruling["why"]) > 20
    if file == "source":
        _year_is_needed(place)
        return
    if part == "unseen":
        assert ENTRIES[file, place]["found"] == "unseen"
        return
    entry, found, text = ENTRIES[file, place], stated(file, place), ruling["computed"]
    if part == "between":
        assert same(found.between, computed(text, entry))  # type: ignore[attr-defined]
        return
    assert not AGREE[part](file, place), "not needed"
    if part == "value":
        (value, *_), _ = scaled(file, place, entry, text)
        assert same(value_of(found), value), (value_of(found), value)
    elif part == "spread":
        assert isinstance(found, Quantity)
        _spread_follows(text, entry, found)


def _spread_follows(text: str, entry: dict[str, str], found: Quantity) -> None:
    if text == "ours":
        assert found.cv is not None
        return
    stands = [found.interval.low, found.interval.high] if found.interval else [found.se]
    results = [computed(t, entry) for t in text.removeprefix("ours:").split(";")]
    assert all(same(s, r) for s, r in zip(stands, results, strict=True)), (stands, results)


def _year_is_needed(source: str) -> None:
    """Some amount of this source has a year that its citation does not."""
    amounts = {(f, p): stated(f, p) for f, p in ENTRIES if f in FILES}
    assert any(
        isinstance(a, Money)
        and a.source == source
        and (a.price_year or LIBRARY.economics(f).price_year) not in years(LIBRARY.sources[source].citation)
        for (f, _), a in amounts.items()
    )


def every_number() -> list[tuple[str, str]]:
    """Every number of the economic files, and of what scenarios say otherwise, that is not assumed."""
    out = []
    for name in FILES:
        file = LIBRARY.economics(name)
        out += [(name, ".".join(map(str, p))) for p, q in file.quantities().items() if not q.assumed]
        out += [(name, f"index.{v.year}") for v in file.index.values]
        out += [(name, f"age_norm.coefficients.{i}") for i in range(len(file.age_norm.coefficients))]
        out.append((name, "near_death.months"))
    for name, asked in SCENARIOS.items():
        out += [(name, f"treated.{s}.median_cycles") for s, t in asked.treated.items() if not t.assumed]
        if asked.instead is not None:
            numbered = places_of(asked.instead)
            out += [(name, ".".join(("instead", *map(str, p)))) for p, q in numbered.items() if not q.assumed]
            out += [(name, f"instead.responses.{r}.{x}") for r in asked.instead.responses for x in ("after", "days")]
    return out


@pytest.mark.parametrize(("file", "currency", "other"), [("us", "GBP", "uk"), ("uk", "USD", "us")])
def test_prices_abroad_are_brought_on_as_the_file_of_that_country_does(file, currency, other):
    here, there = LIBRARY.economics(file).exchange[currency].index, LIBRARY.economics(other).index
    assert here.source == there.source
    assert {v.year: v.value for v in here.values}.items() <= {v.year: v.value for v in there.values}.items()


def test_every_number_was_typed_twice():
    assert sorted(set(every_number()) - set(ENTRIES)) == []


def test_hardly_a_number_was_typed_that_nobody_states():
    assert {f for f, _ in set(ENTRIES) - set(every_number())} <= {"second_line_us"}  # shares of drugs


def test_every_derived_number_is_derived_again():
    for file, place in ENTRIES:
        found = stated(file, place)
        if getattr(found, "seen", None) == "derived":
            assert (file, place, "value") in RULINGS, (file, place)
