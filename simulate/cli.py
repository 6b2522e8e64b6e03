"""The command `simulate`. Results go to standard output, messages to standard error; bad input exits with status 2."""

from __future__ import annotations

import functools
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from simulate.arguments import exported, overrides, stored_model, writable
from simulate.errors import SimulateError, input_error
from simulate.evidence.limits import MAX_PATIENTS

F = TypeVar("F", bound=Callable[..., Any])

app = typer.Typer(
    name="simulate",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

MAX_DRAWS = 100_000
Params = Annotated[Path | None, typer.Option("--params", help="Folder laid over the bundled library, file by file.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable result on standard output.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads; results do not depend on it.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of every random number.")]


def _reported(function: F) -> F:
    """Print what a user can mend as a message and exit with status 2, without a traceback."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except SimulateError as error:
            print(error, file=sys.stderr)
            raise typer.Exit(error.exit_status) from None
        except KeyboardInterrupt:
            print("interrupted; nothing was written.", file=sys.stderr)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(1) from None

    return wrapper  # type: ignore[return-value]


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False))


def _version(show: bool) -> None:
    if show:
        from simulate import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Survival and outcomes from reported figures. For research and teaching; never for the care of a patient."""


@app.command("list", epilog="Example: simulate list regimens --json")
@_reported
def list_(
    kind: Annotated[str | None, typer.Argument(help="One kind of file, such as regimens; default is all.")] = None,
    params: Params = None,
    as_json: Json = False,
) -> None:
    """List what the library holds: scenarios, trials, regimens and so on."""
    from simulate.evidence import Library
    from simulate.evidence.contents import titles

    rows = titles(Library(params), kind)
    if as_json:
        _print_json(rows)
        return
    import pandas as pd

    from simulate.tables import print_frame

    print_frame(pd.DataFrame(rows))


@app.command("show", epilog="Example: simulate show gog240 --families")
@_reported
def show(
    name: Annotated[str, typer.Argument(help="An id, or kind/id where kinds share one: regimens/bevacizumab.")],
    families: Annotated[bool, typer.Option("--families", help="Score every family on the figures of a trial.")] = False,
    params: Params = None,
    as_json: Json = False,
) -> None:
    """Show a scenario, a regimen, or the figures of a trial and how it is calibrated."""
    from simulate.show import show_file

    document = show_file(name, params, families, quiet=as_json)
    if as_json:
        _print_json(document)


@app.command("check", epilog="Example: simulate check params/trials/gog240.yaml")
@_reported
def check(
    names: Annotated[
        list[str] | None, typer.Argument(help="Files, ids or kind/id; default is the whole library.")
    ] = None,
    params: Params = None,
    as_json: Json = False,
) -> None:
    """Check parameter and scenario files: all errors of a file at once, with their lines."""
    from dataclasses import asdict

    from simulate.evidence import Library

    library = Library(params)
    problems = []
    chosen = names or ["sources", *library.names()]
    for name in chosen:
        problems += library.check(name)
    if as_json:
        _print_json([asdict(p) for p in problems])
    for p in problems:
        print(p, file=sys.stderr)
    errors = sum(p.severity == "error" for p in problems)
    if errors:
        raise typer.Exit(2)
    print(f"{len(chosen)} files, no errors, {len(problems)} warnings", file=sys.stderr)


@app.command("fidelity", epilog="Example: simulate fidelity gog240 --leave-one-out")
@_reported
def fidelity(
    trials: Annotated[list[str] | None, typer.Argument(help="Trial ids; default is every trial.")] = None,
    leave_one_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-out",
            help="Predict each figure from the others.",
        ),
    ] = False,
    patients: Annotated[
        int, typer.Option("--patients", min=1, max=MAX_PATIENTS, help="Simulated patients per arm and stratum.")
    ] = 200_000,
    seed: Seed = 1,
    threads: Threads = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for fidelity.html and the tables as CSV.")] = None,
    params: Params = None,
    as_json: Json = False,
) -> None:
    """Reported, model, simulated, z and verdict of every reported figure."""
    from simulate.show import run_fidelity

    writable(out)
    rows = run_fidelity(
        trials, leave_one_out, patients, 1 if seed is None else seed, threads, out, params, quiet=as_json
    )
    if as_json:
        _print_json(rows)


@app.command("run", epilog="Example: simulate run bevacizumab --patients 1000000 --seed 1 --out out/bevacizumab")
@_reported
def run(
    scenario: Annotated[str, typer.Argument(help="A scenario id, or the path of a scenario file.")],
    patients: Annotated[
        int | None, typer.Option("--patients", min=1, max=MAX_PATIENTS, help="Synthetic patients per strategy.")
    ] = None,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the report, tables and figures.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Override a field: --set horizon=60")] = None,
    threads: Threads = None,
    save_patients: Annotated[bool, typer.Option("--save-patients", help="Also write patients.parquet.")] = False,
    model: Annotated[
        Path | None, typer.Option("--model", help="A stored model.json; nothing is calibrated anew.")
    ] = None,
    params: Params = None,
    as_json: Json = False,
) -> None:
    """Run a scenario: simulate every strategy, compare them, write the report."""
    from simulate.ahead import opened, prepare

    if save_patients and out is None:
        raise input_error("needs a folder to write to.", field="--save-patients", advice="Add --out DIR.")
    writable(out)
    stored = None if model is None else stored_model(model)
    prepared = functools.partial(prepare, report=out is not None) if stored is None else None
    loaded = opened(scenario, prepared, threads=threads, params=params, overrides=overrides(set_ or []))
    from simulate.show import print_comparison, progress_bar

    with progress_bar(f"{loaded.id}: simulating") as progress:
        result = loaded.run(patients=patients, seed=seed, threads=threads, model=stored, progress=progress)
    if as_json:
        _print_json(result.summary())
    else:
        print_comparison(result)
    if out is not None:
        result.save(out, save_patients=save_patients)
        print(f"report: {out / 'report.html'}", file=sys.stderr)


@app.command("evaluate", epilog="Example: simulate evaluate bevacizumab_us --draws 1000 --seed 1 --out out/costs")
@_reported
def evaluate(
    scenario: Annotated[str, typer.Argument(help="A scenario with economics: its id, or the path of its file.")],
    draws: Annotated[
        int, typer.Option("--draws", min=0, max=MAX_DRAWS, help="Draws of all uncertain numbers together; 0 for none.")
    ] = 1000,
    patients: Annotated[
        int | None,
        typer.Option("--patients", min=2, max=MAX_PATIENTS, help="Synthetic patients per strategy beside integration."),
    ] = None,
    export: Annotated[
        list[str] | None,
        typer.Option("--export", help="With --out, also excel (a workbook that recomputes) or r (a script for hesim)."),
    ] = None,
    draw_patients: Annotated[
        int, typer.Option("--draw-patients", min=2, max=MAX_DRAWS, help="Synthetic patients of each draw.")
    ] = 1000,
    model_range: Annotated[bool, typer.Option("--model-range", help="Range over models, as with --out.")] = False,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the report, tables and figures.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Override a field: --set horizon=60")] = None,
    threads: Threads = None,
    params: Params = None,
    as_json: Json = False,
) -> None:
    """Evaluate a scenario: costs, QALYs, structures side by side, uncertainty and what it would be worth to know."""
    writable(out)
    exports = exported(export or [], out)
    ranged = model_range or out is not None
    from simulate.ahead import DRAWS, opened, prepare_evaluation

    prepared, changes = functools.partial(prepare_evaluation, ranged=ranged), overrides(set_ or [])
    loaded = opened(scenario, prepared, threads=threads, part=DRAWS, params=params, overrides=changes)
    from simulate.scenario.evaluation import evaluate as evaluated
    from simulate.show import print_evaluation, progress_bar

    with progress_bar(f"{loaded.id}: evaluating"):
        found = evaluated(
            loaded,
            draws=draws,
            patients=patients,
            draw_patients=draw_patients,
            seed=seed,
            threads=threads,
            model_range=ranged,
        )
        summary = found.summary()
    if as_json:
        _print_json(summary)
    else:
        print_evaluation(found)
    if out is not None:
        found.save(out, exports=exports)
        print(f"report: {out / 'report.html'}", file=sys.stderr)


@app.command("verify", epilog="Example: simulate verify --out out/verify; simulate verify SCENARIO --json")
@_reported
def verify(
    scenario: Annotated[
        str | None, typer.Argument(help="A scenario with economics: the TECH-VER assertions on it instead.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the table.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=2, help="Independent simulations of each model.")] = 200,
    patients: Annotated[
        int, typer.Option("--patients", min=1000, max=MAX_PATIENTS, help="Patients of each simulation.")
    ] = 100_000,
    threads: Threads = None,
    params: Params = None,
    as_json: Json = False,
) -> None:
    """Hold the simulation against numerical integration; of a scenario, execute the TECH-VER assertions."""
    writable(out)
    if scenario is not None:
        from simulate.techver.run import run_techver

        found = run_techver(scenario, params=params, out=out, quiet=as_json)
        if as_json:
            _print_json(found)
        if found["failed"]:
            raise typer.Exit(1)
        return
    from simulate.verify import run_verify

    rows = run_verify(seeds=seeds, patients=patients, threads=threads, out=out, params=params, quiet=as_json)
    if as_json:
        _print_json(rows)
    if not all(r["passed"] for r in rows):
        raise typer.Exit(1)


def main() -> None:
    """Entry point of the command."""
    # what a cluster sends when time is up: files half-written are cleared away, as after Ctrl-C
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    app()


if __name__ == "__main__":
    main()
