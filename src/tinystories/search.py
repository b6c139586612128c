"""Look for the settings with the fewest bits per byte instead of trying all (Optuna).

Each trial learns from those before it (TPE, Bergstra et al. 2011), and is ended early where it does
worse than half of them did.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from tinystories.errors import Pruned, UserError
from tinystories.sweeps import state_of, train_one

if TYPE_CHECKING:
    from optuna import Study, Trial

log = logging.getLogger(__name__)

STARTUP_TRIALS = 5
"""Trials that nothing ends early, so that there is something to be compared with."""

STARTUP_VALIDATIONS = 2
"""Validations after which no trial is ended: what is learned first says little."""

Described = tuple[dict[str, Any], str]


def search(
    plan: Mapping[str, Any],
    seed: int,
    folder: Path,
    describe: Callable[[list[str], Path], Described],
) -> float:
    """Train the trials of a search in ``folder``; return the fewest bits per byte.

    ``study.db`` keeps what is known: a search that was killed goes on with the trial that was
    interrupted, and several processes may work on one search.

    Args:
        plan: ``trials``, how many, and ``space``: the name of each setting, with ``low`` and
            ``high`` (and ``log``, ``step``) or with ``choices``.
        seed: of what is tried.
        folder: each trial is a run in it, named by its number.
        describe: from the overrides of a trial and its folder to its settings and its command.

    Raises:
        UserError: Optuna is not installed, or the plan cannot be read.
    """
    try:
        import optuna
    except ImportError as error:
        raise UserError(
            'wanted Optuna, which is not installed; run pip install -e ".[sweeps]"'
        ) from error

    if not isinstance(plan["trials"], int) or plan["trials"] < 1:
        raise UserError(f"search.trials must be a whole number from 1 up, got {plan['trials']!r}")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{folder / 'study.db'}",
        study_name="search",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(STARTUP_TRIALS, STARTUP_VALIDATIONS + 1),
    )
    for trial in _trials(study, plan["trials"], folder):
        # By the trial's number: so a search that was killed tries what it would have tried.
        study.sampler = optuna.samplers.TPESampler(seed=seed + trial.number, constant_liar=True)
        values = {name: _suggest(trial, name, among) for name, among in plan["space"].items()}
        run = folder / str(trial.number)
        overrides = [f"{name}={value}" for name, value in values.items()]
        log.info("\ntrial %d of %d: %s", trial.number, plan["trials"], " ".join(overrides))
        settings, command = describe(overrides, run)
        val_bpb = train_one(settings, run, command, _judged(trial))
        if math.isfinite(val_bpb):
            study.tell(trial, val_bpb)
        else:
            pruned = state_of(run) == "pruned"
            states = optuna.trial.TrialState
            study.tell(trial, state=states.PRUNED if pruned else states.FAIL)
    done = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    if not done:
        return math.nan
    log.info(
        "\nthe best is trial %d, %.4f bits per byte", study.best_trial.number, study.best_value
    )
    return study.best_value


def _trials(study: "Study", count: int, folder: Path) -> Iterator["Trial"]:
    """Yield the trials that are to be trained here: those that were interrupted, then new ones."""
    while True:
        with FileLock(folder / ".choosing.lock"):
            claimed = _claim(study, count, folder)
        if claimed is None:
            return
        trial, claim = claimed
        try:
            yield trial
        finally:
            claim.release()


def _claim(study: "Study", count: int, folder: Path) -> tuple["Trial", FileLock] | None:
    import optuna

    def claim_of(number: int) -> FileLock:
        (folder / str(number)).mkdir(exist_ok=True)
        claim = FileLock(folder / str(number) / ".trial.lock")
        claim.acquire(timeout=0)
        return claim

    running = optuna.trial.TrialState.RUNNING
    for left in study.get_trials(deepcopy=False, states=(running,)):
        try:
            return optuna.Trial(study, left._trial_id), claim_of(left.number)
        except Timeout:  # Another process is at it.
            continue
    if len(study.get_trials(deepcopy=False)) >= count:
        return None
    trial = study.ask()
    return trial, claim_of(trial.number)


def _suggest(trial: "Trial", name: str, among: Mapping[str, Any]) -> Any:
    try:
        if "choices" in among:
            return trial.suggest_categorical(name, **among)
        whole = isinstance(among["low"], int) and isinstance(among["high"], int)
        return (trial.suggest_int if whole else trial.suggest_float)(name, **among)
    except (TypeError, KeyError, ValueError) as error:
        raise UserError(
            f"search.space gives {name} as {among!r}; wanted low and high, or choices ({error})"
        ) from error


def _judged(trial: "Trial") -> Callable[[int, float], None]:
    reported = set(trial.study.trials[trial.number].intermediate_values)

    def report(validation: int, val_bpb: float) -> None:
        if validation not in reported:  # A resumed run comes past where it has been.
            reported.add(validation)
            trial.report(val_bpb, validation)
        if trial.should_prune():
            raise Pruned(
                f"{val_bpb:.4f} bits per byte at validation {validation}, worse than half of the "
                "trials before"
            )

    return report
