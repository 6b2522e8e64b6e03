"""Death of other causes: a life table as a hazard on the study clock that starts at a patient's age."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulate.errors import input_error
from simulate.evidence import Library
from simulate.evidence.library import display
from simulate.evidence.life_tables import read_life_table
from simulate.evidence.population_schema import PatientPopulation
from simulate.model.hazards import Hazard
from simulate.model.types import Distribution
from simulate.pathways.profiles import Profile

Array = NDArray[np.float64]
YEARS = 20  # of the life table that a hazard follows; the last piece goes on
LIFETIME = 70  # the same for evaluations over a lifetime


def age_of(population: PatientPopulation, profile: Profile) -> float:
    """Age of a profile's patients at the start, years."""
    level = population.covariates["age"].levels[profile["age"]]
    if isinstance(level.value, int | float):
        return float(level.value)
    return 0.5 * ((level.min or 0.0) + (level.max or level.min or 0.0))


@dataclass(frozen=True)
class LifeTable:
    """Yearly probabilities of death by completed age, float64[A], from age 0; hazards follow it for `years`."""

    id: str
    probability: Array
    origin: str
    years: int = YEARS
    _known: dict[float, Hazard] = field(default_factory=dict, repr=False, compare=False)

    def hazard(self, age: float) -> Hazard:
        """Of a patient who is `age` years old at the start: constant within each year of age.

        Simplification: the table's year of birth and country stand for the patient's; deaths of the cancer itself are
        so rare in it that they are not taken out.
        """
        if age not in self._known:
            self._known[age] = self._hazard(age)
        return self._known[age]

    def _hazard(self, age: float) -> Hazard:
        whole = int(age)
        if not 0 <= whole < len(self.probability):
            raise input_error(f"age {age:g} is not in the life table.", field="age")
        first = (whole + 1 - age) * 12.0  # months to the next birthday
        last = min(self.years, len(self.probability) - 1 - whole)
        yearly = -np.log1p(-np.minimum(self.probability[whole : whole + last + 1], 0.999999))
        monthly = yearly / 12.0
        cuts = tuple(first + 12.0 * i for i in range(last))
        base = float(monthly[0])
        ratios = tuple(float(h / base) for h in monthly)
        return Hazard(Distribution("exponential", (1.0 / base,), 0.0, cuts, ratios if cuts else ()))


def life_table(library: Library, name: str, years: int = YEARS) -> LifeTable:
    """A life table of the library by its id: a CSV file with the columns age and qx, from age 0.

    Raises
    ------
    InputError : no such table, or everything that is wrong with its lines.
    """
    path = library.data_file("life_tables", name, ".csv")
    probability, origin = read_life_table(path, display(path))
    return LifeTable(name, np.array(probability), origin, years)
