"""The command `mission`: the table of its commands, and the one place where an error becomes an exit status.

Commands are imported when they are called, so that `mission --help` need not load the engine. Each is documented in
its own file; the line shown here is its summary, and a test compares the two.
"""

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

from runtime.errors import EngineBug, MissionEngineError, UsageError, shown

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS: Final = {
    "approve": ("runtime.cli.decide:approve", "Approve what a waiting run asks, and drive it on."),
    "bundle": ("runtime.cli.bundle:bundle", "Put a recorded run into one file that others can verify."),
    "compare": ("runtime.cli.compare:compare", "Compare what two recorded runs did."),
    "env": ("runtime.cli.env:env", "Check environments."),
    "execute": ("runtime.cli.execute:execute", "Carry out a decision within a policy."),
    "explain": ("runtime.cli.explain:explain", "Explain why each step of a run did what it did."),
    "export": ("runtime.cli.export:export", "Export a recorded run in the form of another tool."),
    "keys": ("runtime.cli.keys:keys", "Make, list, show and revoke the keys that sign."),
    "killswitch": (
        "runtime.cli.killswitch:killswitch",
        "Stop everything that obeys it, let it go on, and prove that it would stop.",
    ),
    "list": ("runtime.cli.catalog:list_missions", "List the registered missions."),
    "log": ("runtime.cli.log:log", "Keep receipts in a log that only grows, and prove it."),
    "new": ("runtime.cli.new:new", "Write a mission with a test and an example, to start from."),
    "plan": ("runtime.cli.plan:plan", "Plan a run, without running anything."),
    "policy": ("runtime.cli.policy:policy", "Check policy packs, test them, and explain what they decide."),
    "preflight": ("runtime.cli.preflight:preflight", "Prove that no path through a workflow breaks a rule."),
    "profile": ("runtime.cli.profile:profile", "List profiles, and check one for faults."),
    "reject": ("runtime.cli.decide:reject", "Reject what a waiting run asks, and drive it on."),
    "replay": ("runtime.cli.replay:replay", "Re-execute a recorded run and compare every byte."),
    "run": ("runtime.cli.run:run", "Run a mission until it ends or waits."),
    "seals": ("runtime.cli.seals:seals", "List, disclose and erase what runs have sealed."),
    "show": ("runtime.cli.catalog:show", "Show a mission: params, steps, effects, digests."),
    "verify": ("runtime.cli.verify:verify", "Verify a bundle: every check by its number, and what is not proven."),
    "version": ("runtime.cli.version:version", "Show the versions that decide what a run does."),
    "whatif": ("runtime.cli.whatif:whatif", "Ask what recorded runs would do under a mission or policy as it is now."),
}
"""Where each command is, and its summary."""


class _LazyGroup(click.Group):
    """
    A group that imports a command when it is called.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """
        List the names, sorted.
        """
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """
        Import a command.
        """
        del ctx
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """
        Find the command, or say which name is near.

        Raises:
            UsageError: there is none of this name.
        """
        name = args[0]
        if name not in COMMANDS:
            near = "".join(f"did you mean {one}? " for one in get_close_matches(name, COMMANDS, n=1))
            raise UsageError(f"no command {shown(name)}", remedy=f"{near}mission --help lists the commands")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        Write the table of commands without importing them.
        """
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory runs are kept in. Default: the nearest .mission/ upwards, else made here.",
)
@click.pass_context
def cli(context: click.Context, root: Path | None) -> None:
    """
    Run registered missions, decide what they ask, and check what they did.

    Exit status: 0 it holds, 1 it ended badly, 2 usage, 3 waiting for a person, 4 refused and nothing changed,
    5 root or settings, 6 outcome unknown.
    """
    context.obj = root


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run the command line and exit with its status.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(words))


def _run(words: list[str]) -> int:
    try:
        status: Any = cli.main(words, prog_name="mission", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped; nothing was decided", err=True)
        return 130
    except click.ClickException as error:
        return _report_usage(error, words)
    except MissionEngineError as error:
        return _report(error, words)
    except BrokenPipeError:
        # The reader went away; a second error while Python closes stdout would only confuse.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the edge of the process: no traceback reaches a user.
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else ""
        return _report(EngineBug(f"unexpected {type(error).__name__}", where=place, remedy="report it"), words)
    return int(status or 0)


def _report_usage(error: click.ClickException, words: list[str]) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        # Its message is the help: many lines, which an error's one line would show escaped.
        click.echo(error.format_message(), err=True)
        return error.exit_code
    usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else ""
    # Without a context click does not say of which command it speaks; the first word that is one is.
    name = next((f"{word} " for word in words if word in COMMANDS), "")
    help_of = f"see mission {name}--help"
    return _report(UsageError(error.format_message().rstrip("."), remedy=usage or help_of), words)


def _report(error: MissionEngineError, words: list[str]) -> int:
    # Imported here because most calls end without an error.
    from runtime.cli.exit_codes import exit_code_of  # noqa: PLC0415
    from runtime.cli.output import print_error  # noqa: PLC0415

    print_error(error, as_json="--json" in words)
    return int(exit_code_of(error))
