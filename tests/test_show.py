"""What the command prints, as functions."""

from __future__ import annotations

import pytest

import simulate as sim
from simulate.errors import InputError
from simulate.show import print_comparison, progress_bar, run_fidelity, show_file, show_scenario, show_trial


@pytest.mark.parametrize("name", ["gog240", "jcog0505", "keynote826"])
def test_show_trial_says_whether_primary_figures_are_met(name, capsys):
    document = show_trial(name, None, False, quiet=False)
    printed = capsys.readouterr().out
    met = "primary figures are met exactly" in printed
    assert met == document["feasible"]
    assert ("primary figures conflict; the fit is weighted" in printed) == (not met)
    short = [f["figure"] for f in document["figures"] if len(f["figure"]) < 26]
    assert len(short) > 10
    assert all(name in printed for name in short)


def test_show_regimen_prints_every_part(capsys):
    document = show_file("cisplatin_paclitaxel_bevacizumab", None, False, quiet=False)
    printed = capsys.readouterr().out
    assert document["evidence"]["trial"] == "gog240"
    for part in ("Drugs", "Contraindications", "Stopping rules", "Toxicity", "Monitoring", "scans every 9 weeks"):
        assert part in printed
    assert "28 days each side" in printed
    assert "only prior pelvic" in printed
    assert show_file("regimens/carboplatin_paclitaxel", None, False, quiet=True)["id"] == "carboplatin_paclitaxel"
    with pytest.raises(InputError, match="families belong to a trial"):
        show_file("carboplatin_paclitaxel", None, True, quiet=True)


def test_quiet_prints_nothing(capsys):
    show_trial("gog240", None, False, quiet=True)
    show_scenario("bevacizumab", None, False, quiet=True)
    run_fidelity(["gog240"], False, 2000, 1, None, None, None, quiet=True)
    assert capsys.readouterr().out == ""


def test_fidelity_of_every_trial_by_default():
    rows = run_fidelity(None, False, 1000, 1, None, None, None, quiet=True)
    assert {r["study"] for r in rows} == set(sim.Library().trials())


def test_the_comparison_prints_every_strategy_endpoint_and_event(capsys):
    result = sim.load("bevacizumab").run(patients=2000, seed=1)
    print_comparison(result)
    printed = capsys.readouterr().out
    summary = result.summary()
    for strategy in summary["strategies"].values():
        assert all(f" {e} " in printed for e in strategy["endpoints"])
        assert f"{strategy['endpoints']['os']['rmst']['value']:.4g}" in printed
    for event in result.model.toxicities:
        assert event.label in printed
    assert "≥ 3" in printed
    assert "P(longer)" in printed
    assert "Basis" not in printed


def test_a_comparison_of_pathways_says_what_it_rests_on_and_what_is_not_reported(capsys):
    result = sim.load("palliative_radiotherapy").run(patients=1000)
    print_comparison(result)
    printed = capsys.readouterr().out
    assert "Contrasts with multiple" in printed
    assert "Contrasts with pelvis" in printed
    assert "same survival" in printed
    assert "NOT RANDOMISED: levels of different studies" in printed
    assert "not reported, which is not zero" in printed
    line = next(x for x in printed.splitlines() if "bleeding controlled" in x)
    assert "–" in line
    assert ":any" not in printed
    assert max(map(len, printed.splitlines())) <= 130


@pytest.mark.parametrize(
    ("command", "whole"),
    [
        (("run", "bevacizumab", "--patients", "2000"), {"chemotherapy_bevacizumab", "thromboembolism"}),
        (("show", "gog240"), {"chemotherapy_bevacizumab", "os_hr_backbone_interim", "avastin_us_label"}),
    ],
)  # fmt: skip
def test_no_word_of_a_table_is_broken(command, whole):
    from typer.testing import CliRunner

    from simulate.cli import app

    printed = CliRunner().invoke(app, list(command)).stdout
    assert whole <= set(printed.split())
    assert max(map(len, printed.splitlines())) <= 130


def test_no_bar_away_from_a_terminal(capsys):
    with progress_bar("simulating") as progress:
        assert progress is None
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with progress_bar("simulating") as progress:
        assert progress is not None
        progress(1, 2)
