"""What happens around training steps: a plan, a polite stop, progress, a story at times."""

import contextlib
import logging
import math
import signal
from collections.abc import Callable, Mapping
from time import monotonic
from types import FrameType
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from tqdm.auto import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from tinystories.data.vocabulary import Vocabulary
from tinystories.errors import UserError
from tinystories.learner import Learner
from tinystories.storyteller import Storyteller

log = logging.getLogger(__name__)

MEASURED_STEPS = 10
MEASURED_SHARE = 0.03
EXPLODED = 2.0
"""Times the loss of a model that knows nothing: what no training that goes well comes near."""


def learner_of(trainer: Trainer) -> Learner:
    """Return what the trainer trains."""
    learner = trainer.lightning_module
    assert isinstance(learner, Learner)
    return learner


class Plan(Callback):
    """Fixes how many steps there are, and when the validation stories are read.

    With a number of steps given there is nothing to fix. With ``minutes`` instead, the first steps
    (at least ten, and 3 % of the time) and one validation are measured; then the number of steps is
    set, once, so that the learning rate comes down just as the time is up.

    Args:
        minutes: how long to train, validations included.
        validations: how often the validation stories are read, evenly spread, the last step
            included.
        settings: with which the run began; going on with others is refused.
    """

    def __init__(
        self, minutes: float | None, validations: int, settings: Mapping[str, Any] | None = None
    ) -> None:
        self.minutes = minutes
        self.validations = validations
        self.settings = dict(settings or {})
        self.seconds = 0.0
        self.begun = False
        self._began = 0.0
        self._validation_began = 0.0
        self._first: tuple[int, float] | None = None
        self._step_s: float | None = None
        self._last_step = 0

    def on_train_start(self, trainer: Trainer, *_: Any) -> None:
        """Start the clock; a resumed run goes on with its plan."""
        self._began = monotonic() - self.seconds
        self._last_step = trainer.global_step
        if steps := learner_of(trainer).steps:
            trainer.fit_loop.epoch_loop.max_steps = steps
        # A checkpoint written at a validation has Lightning's count of logged steps one too low.
        trainer.fit_loop.epoch_loop._batches_that_stepped = trainer.global_step
        self.begun = True

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Tell Lightning whether the stories are to be judged after this step."""
        step = trainer.global_step
        if step == self._last_step:  # One part of a step whose gradients are accumulated.
            trainer.val_check_batch = float("inf")
            return
        self._last_step = step
        self.seconds = monotonic() - self._began
        if steps := learner_of(trainer).steps:
            due = is_due(step, steps, self.validations)
        else:
            due = trainer.strategy.broadcast(self._measured(step))
        trainer.val_check_batch = 1 if due else float("inf")

    def on_validation_start(self, trainer: Trainer, *_: Any) -> None:
        """Note when the validation begins."""
        self._validation_began = monotonic()

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        """Fix the number of steps, if it is not known yet."""
        self.seconds = monotonic() - self._began
        if learner_of(trainer).steps or self._step_s is None or self.minutes is None:
            return
        validation_s = monotonic() - self._validation_began
        left_s = 60 * self.minutes - self.seconds - self.validations * validation_s
        steps = trainer.global_step + max(1, round(left_s / self._step_s))
        steps = trainer.strategy.broadcast(steps)
        learner_of(trainer).steps = trainer.fit_loop.epoch_loop.max_steps = steps
        log.info(
            "%g minutes are %s steps of %.3f s and %d validations of %.1f s",
            self.minutes,
            f"{steps:,}",
            self._step_s,
            self.validations,
            validation_s,
        )

    def _measured(self, step: int) -> bool:
        assert self.minutes is not None
        if self._first is None:  # The first step also pays for what happens only once.
            self._first = (step, self.seconds)
            return False
        steps, seconds = step - self._first[0], self.seconds - self._first[1]
        self._step_s = seconds / steps
        return steps >= MEASURED_STEPS and self.seconds >= MEASURED_SHARE * 60 * self.minutes

    def state_dict(self) -> dict[str, Any]:
        """Return the seconds trained so far, and the settings."""
        return {"seconds": self.seconds, "settings": self.settings}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting from an interrupted run."""
        self.seconds = float(state_dict["seconds"])
        for name, began_with in state_dict.get("settings", {}).items():
            if (now := self.settings.get(name)) != began_with:
                raise UserError(
                    f"the run began with {name} {began_with!r}, its config says {now!r}; mend "
                    ".hydra/config.yaml, or begin another run"
                )


def is_due(step: int, steps: int, times: int) -> bool:
    """Return whether one of ``times`` events, evenly spread over ``steps``, falls on ``step``."""
    return step * times // steps > (step - 1) * times // steps


class PoliteStop(Callback):
    """Ends training after the current step on Ctrl-C or SIGTERM, as if it had been planned.

    The stories are judged once more and a checkpoint is written, so that the model can be used and
    the run resumed. A second Ctrl-C stops at once.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def on_train_start(self, trainer: Trainer, *_: Any) -> None:
        """Take over the signals."""
        self._before = {s: signal.signal(s, self._ask) for s in self.SIGNALS}

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Stop all processes after the same step."""
        if trainer.strategy.reduce_boolean_decision(self._asked, all=False):
            trainer.should_stop = True

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, _: BaseException) -> None:
        """Give the signals back after a failure, too: another run may follow."""
        self.teardown(trainer, pl_module, "fit")

    def _ask(self, number: int, frame: FrameType | None) -> None:
        log.warning("stopping after this step; once more to stop at once")
        self._asked = True
        for taken, handler in self._before.items():
            signal.signal(taken, handler)


class Reporter(Callback):
    """Reports ``val/bpb`` after each planned validation, so that somebody may end the run.

    Args:
        report: called with the number of the validation, from 1, and its bits per byte; what it
            raises ends the run.
        validations: how many are planned.
    """

    def __init__(self, report: Callable[[int, float], None], validations: int) -> None:
        self.report = report
        self.validations = validations

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        """Report it; the one that only measures how long a validation takes is number 0."""
        steps = learner_of(trainer).steps
        number = trainer.global_step * self.validations // steps if steps else 0
        if number and trainer.state.fn == "fit":
            self.report(number, float(trainer.callback_metrics["val/bpb"]))


class Diverged(UserError):  # noqa: N818 (an outcome)
    """A training went wrong; the checkpoints from before it did are good."""


class Watch(Callback):
    """Stops a training whose loss is not a finite number any more, or has exploded.

    A gradient that is not finite makes the weights so, and with them the next loss. It looks when
    losses are logged, which waits for a GPU anyway, and around each validation: so a checkpoint is
    never one of a model that has gone wrong.

    Args:
        every: steps between two looks.
    """

    def __init__(self, every: int) -> None:
        self.every = every

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Look now and then."""
        if trainer.global_step % self.every == 0:
            self.on_validation_start(trainer)

    def on_validation_start(self, trainer: Trainer, *_: Any) -> None:
        """Look at the largest loss so far, which NaN counts as."""
        learner = learner_of(trainer)
        untrained = math.log(len(learner.token_bytes))
        self._stop_if(learner.largest_loss.item(), EXPLODED * untrained, "the loss", trainer)

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        """Look at the validation stories, before their checkpoint is written."""
        value = trainer.callback_metrics["val/bpb"].item()
        self._stop_if(value, math.inf, "the validation stories' bits per byte", trainer)

    def _stop_if(self, value: float, limit: float, what: str, trainer: Trainer) -> None:
        bad = not value < limit
        if trainer.state.fn == "fit" and trainer.strategy.reduce_boolean_decision(bad, all=False):
            gone = f"rose to {value:.3g}" if math.isfinite(value) else "became no finite number"
            raise Diverged(f"training went wrong: {what} {gone} by step {trainer.global_step:,}")


class StorySample(Callback):
    """Tells one story at each validation, always from the same beginning and the same seed."""

    def __init__(self, vocabulary: Vocabulary, prompt: str) -> None:
        self.vocabulary = vocabulary
        self.prompt = prompt

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        """Tell it, in the log and in TensorBoard."""
        if not trainer.is_global_zero or trainer.state.fn != "fit":
            return
        model = learner_of(trainer).model
        training = model.training
        story = Storyteller(model, self.vocabulary).tell(self.prompt, seed=0, length=300)
        model.train(training)
        log.info("step %s tells:\n%s\n", f"{trainer.global_step:,}", story)
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_text("story", story, trainer.global_step)


class Progress(Callback):
    """Shows speed, bits per byte and the time left; a line in the log at validations.

    Args:
        every: steps between two figures in the log of speed and learning rates.
    """

    def __init__(self, every: int) -> None:
        self.every = every
        self._bar: tqdm[Any] | None = None
        self._clock = (0, 0.0)
        self._speed = 0.0
        self._paused_at = 0.0
        self._stack = contextlib.ExitStack()

    def on_train_start(self, trainer: Trainer, *_: Any) -> None:
        """Open the bar, where there is a terminal to show it in."""
        self._stack.enter_context(logging_redirect_tqdm())
        if trainer.is_global_zero:
            self._bar = tqdm(
                total=learner_of(trainer).steps,
                initial=trainer.global_step,
                unit="step",
                disable=None,
                dynamic_ncols=True,
            )
        self._clock = (learner_of(trainer).seen_tokens, monotonic())

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Move the bar; log speed and learning rates as often as the losses."""
        if self._bar is None:
            return
        if trainer.global_step % self.every == 0:
            tokens, since = self._clock
            now = monotonic()
            self._speed = (learner_of(trainer).seen_tokens - tokens) / (now - since)
            self._clock = (learner_of(trainer).seen_tokens, now)
            groups = trainer.optimizers[0].param_groups
            figures = {
                "train/tokens_per_s": self._speed,
                "train/tokens": learner_of(trainer).seen_tokens,
            }
            figures |= {f"lr/{group['name']}": group["lr"] for group in groups}
            for logger in trainer.loggers:
                # Lightning counts the losses of the first step as those of step 0.
                logger.log_metrics(figures, trainer.global_step - 1)
        self._bar.total = learner_of(trainer).steps
        self._bar.update(trainer.global_step - self._bar.n)
        shown = trainer.callback_metrics
        self._bar.set_postfix_str(
            ", ".join(
                [f"{self._speed:,.0f} tokens/s"]
                + [
                    f"{name} {shown[name]:.3f}"
                    for name in ("train/bpb", "val/bpb")
                    if name in shown
                ]
            ),
            refresh=False,
        )

    def on_validation_start(self, trainer: Trainer, *_: Any) -> None:
        """Stop the clock that measures the speed of training."""
        self._paused_at = monotonic()

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        """Say how far it is."""
        tokens, since = self._clock
        self._clock = (tokens, since + monotonic() - self._paused_at)
        if self._bar is not None:
            log.info(
                "step %s of %s: val %.4f bits per byte, %s tokens/s",
                f"{trainer.global_step:,}",
                f"{steps:,}" if (steps := learner_of(trainer).steps) else "?",
                trainer.callback_metrics["val/bpb"],
                f"{self._speed:,.0f}",
            )

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._stack.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, _: BaseException) -> None:
        """Close the bar after a failure, too."""
        self.teardown(trainer, pl_module, "fit")
