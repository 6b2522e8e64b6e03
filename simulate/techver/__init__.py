"""Technical verification of an economic model: the TECH-VER tests as assertions that run on a scenario.

Büyükkaramikli NC, Rutten-van Mölken MPMH, Severens JL, Al M, PharmacoEconomics 2019;37:1391, list black-box tests of
decision models, doi:10.1007/s40273-019-00844-y. Each is one function ``tvN(subject) -> Verdict`` here, and each is
held to planted defects in ``tests/techver``: a test that no defect makes fail says nothing.
"""

from simulate.techver.run import ASSERTIONS, records, subject_of, verified
from simulate.techver.subject import Engine, Subject
from simulate.techver.verdicts import Check, Verdict
from simulate.techver.world import World

__all__ = ["ASSERTIONS", "Check", "Engine", "Subject", "Verdict", "World", "records", "subject_of", "verified"]
