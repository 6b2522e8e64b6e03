"""Finding and loading: ids, overlays, provenance, citations."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time

import pytest

from simulate.errors import InputError
from simulate.evidence import Library, bundled_params

TRIALS = ("gog240", "jcog0505", "keynote826")


def test_small_library_is_sound(folder):
    library = Library(folder)
    assert [p for name in ("mini", "question") for p in library.check(name)] == []
    assert library.check(folder / "sources.yaml") == []
    assert library.trial("mini").cuts["final"].cutoff == pytest.approx(48.0, abs=0.01)


@pytest.mark.parametrize("trial", TRIALS)
def test_bundled_trials_have_no_errors(bundled, trial):
    assert [str(p) for p in bundled.check(trial) if p.severity == "error"] == []
    assert bundled.trial(trial).id == trial


def test_the_one_warning_of_the_bundled_files_is_the_known_one(bundled):
    names = (*bundled.trials(), *bundled.scenarios(), "sources")
    warnings = [str(p) for name in names for p in bundled.check(name)]
    assert len(warnings) == 1
    assert "jcog0505.yaml" in warnings[0]
    assert "hazard ratio 0.994 and medians 17.5 v 18.3 point in opposite directions" in warnings[0]


def test_unknown_ids_are_answered_with_the_nearest(bundled):
    for call in (bundled.trial, bundled.check):
        with_typo = "gog2400"
        message = str(_error(call, with_typo))
        assert "Did you mean 'gog240'?" in message
    assert "Did you mean 'bevacizumab'?" in str(_error(bundled.scenario, "bevacizumap"))
    assert "Did you mean 'tewari_2017'?" in str(_error(bundled.source, "tewari_2071"))


def _error(call, argument):
    try:
        result = call(argument)
    except InputError as error:
        return error
    return result[0]


@pytest.mark.parametrize(
    "name", ["../gog240", "/etc/passwd", "trials/gog240", "GOG240", "", "a\x00b", "..", "gog240.yaml"]
)
def test_ids_cannot_climb_out_of_the_library(bundled, name):
    with pytest.raises(InputError, match="is not a trial id"):
        bundled.trial(name)


def test_a_link_that_leads_out_of_the_library_is_refused(folder, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text((folder / "trials" / "mini.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "trials" / "linked.yaml").symlink_to(outside)
    with pytest.raises(InputError, match="a link that leads out of"):
        Library(folder).trial("linked")


def test_overlay_replaces_file_by_file(folder, monkeypatch):
    own = folder / "scenarios" / "bevacizumab.yaml"
    own.write_text(
        (bundled_params() / "scenarios" / "bevacizumab.yaml")
        .read_text(encoding="utf-8")
        .replace("seed: 1", "seed: 99"),
        encoding="utf-8",
    )
    library = Library(folder)
    assert library.scenario("bevacizumab").seed == 99
    assert "mini" in library.trials()
    assert "gog240" in library.trials()
    from_folder = {p.name: p.folder for p in library.provenance()}
    assert from_folder["scenarios/bevacizumab.yaml"] == str(folder)
    assert from_folder["trials/gog240.yaml"] == str(bundled_params())
    monkeypatch.setenv("SIMULATE_PARAMS", str(folder))
    assert Library().scenario("bevacizumab").seed == 99
    assert Library([]).scenario("bevacizumab").seed == 1


def test_bibliographies_are_joined(folder):
    library = Library(folder)
    assert library.source("smith_2020").doi == "10.1000/example"
    assert library.source("tewari_2017").pmid == "28756902"
    assert sum(p.name == "sources.yaml" for p in library.provenance()) == 2


def test_provenance_hashes_what_was_read(folder):
    library = Library(folder)
    library.trial("mini")
    found = {p.name: p.sha256 for p in library.provenance()}
    assert found["trials/mini.yaml"] == hashlib.sha256((folder / "trials" / "mini.yaml").read_bytes()).hexdigest()
    assert "sources.yaml" in found


def test_missing_folder_and_file_are_input_errors(folder):
    with pytest.raises(InputError, match="is not a folder"):
        Library(folder / "nowhere")
    with pytest.raises(InputError, match="cannot be read"):
        Library(folder).scenario(folder / "scenarios" / "nowhere.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        Library(folder).scenario(folder / "scenarios" / ".." / "trials" / "." / "nowhere.yaml")


def test_a_scenario_anywhere_can_be_run_by_its_path(folder, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text((folder / "scenarios" / "question.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert Library(folder).scenario(path).trial == "mini"


def test_every_figure_leads_to_a_publication_and_a_page(bundled):
    for name in TRIALS:
        for figure in bundled.trial(name).all_figures:
            assert bundled.source(figure.source).why
            assert figure.where, figure.id
            if figure.seen not in ("seed", "derived"):
                assert bundled.page(figure.seen_at).label, figure.id


def named(value: object, *keys: str) -> set[str]:
    """Every text under one of these keys of nested data."""
    if isinstance(value, list):
        return set().union(*(named(item, *keys) for item in value))
    if not isinstance(value, dict):
        return set()
    own = [v for k, v in value.items() if k in keys]
    texts = {t for v in own for t in (v if isinstance(v, list) else [v]) if isinstance(t, str)}
    return texts.union(*(named(v, *keys) for v in value.values()))


def test_every_source_and_page_is_used(bundled):
    # `by` of a scenario names covariates, of a disagreement its source
    records = [bundled.record(*name.split("/")).model_dump(mode="json", exclude={"by"}) for name in bundled.names()]
    cited = named(records, "source", "sources", "by")
    # the documents whose statements the library covers stand there whether cited yet or not
    covered = {name for name in bundled.sources if name.startswith("seed_")}
    assert set(bundled.sources) - covered == cited - covered
    assert set(bundled.bibliography().pages) == named(records, "seen_at")


def test_primary_figures_are_ones_the_model_can_meet(bundled):
    for name in TRIALS:
        trial = bundled.trial(name)
        modelled = {f for t in trial.toxicity for g in t.grades for f in g.figures.values()}
        for figure in trial.select(role="primary"):
            assert figure.endpoint in ("os", "pfs") or figure.id in modelled, figure.id


def test_toxicity_rates_are_events_over_n(bundled):
    trial = bundled.trial("gog240")
    rates = {f.id: f.rate for f in trial.all_figures}
    assert rates["hypertension_ge2_b"] == 55 / 220
    assert rates["hypertension_ge2_c"] == 4 / 220
    assert rates["vte_ge3_b"] == 18 / 220
    assert rates["fistula_any_c"] == 3 / 220


def test_groups_and_weights(bundled):
    trial = bundled.trial("keynote826")
    assert trial.size("pooled", "cps_ge1") == 548
    assert trial.size("pooled", "cps_ge10") == 317
    assert trial.size("chemotherapy", "squamous") is None
    assert sum(trial.weights("chemotherapy", "all").values()) == pytest.approx(1)
    assert trial.strata_of("cps_ge1_with_bevacizumab") == ("cps_1_9", "cps_ge10")
    contrast = bundled.trial("gog240").figure("os_hr_backbone_c")
    assert bundled.trial("gog240").n_of(contrast) == 225


def test_three_trials_load_in_half_a_second(bundled):
    library = Library([])
    library.bibliography()
    start = time.process_time()
    for name in TRIALS:
        library.trial(name)
    # Half a second is the budget on a quiet machine; three times that still catches a second parse.
    assert time.process_time() - start < 1.5


def test_import_of_the_package_needs_no_pydantic():
    code = "import sys, simulate.evidence; sys.exit('pydantic' in sys.modules or 'ruamel.yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
