"""Ten terms for the student."""

from __future__ import annotations

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Overall survival (OS)", "Time from randomisation to death from any cause."),
    (
        "Progression-free survival (PFS)",
        "Time from randomisation to progression of the cancer or to death, whichever comes first. It never exceeds OS.",
    ),
    (
        "Survival after progression (PPS)",
        "Time from progression to death, among patients whose cancer progressed. Here OS is built as PFS plus this "
        "time.",
    ),
    ("Median", "The time by which half of the patients have had the event. It says nothing about what happens later."),
    ("Landmark", "The share of patients without the event at a fixed time, such as alive at 24 months."),
    (
        "Hazard and hazard ratio (HR)",
        "The hazard is the rate of the event among those who have not had it yet. The hazard ratio compares the "
        "hazards of two "
        "groups, averaged over the time patients were followed: unless the ratio is constant, a longer follow-up "
        "gives another HR.",
    ),
    (
        "Censoring and data cut-off",
        "A trial counts events up to a date. Who has had none by then is censored: known to be event-free so far, no "
        "more.",
    ),
    (
        "Restricted mean survival time (RMST)",
        "The average time lived without the event up to a fixed horizon, the area under the curve. The difference of "
        "two is a gain "
        "in months that patients and economists can both read.",
    ),
    (
        "Kaplan–Meier curve",
        "The estimated share still event-free over time; it steps down at each event and uses censored patients as "
        "long as they "
        "are observed.",
    ),
    (
        "Monte Carlo error",
        "The standard error that comes from simulating a finite number of patients. More patients make it smaller; "
        "they do not "
        "make the trial behind the model any larger.",
    ),
)
