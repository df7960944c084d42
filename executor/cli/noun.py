"""A group of commands whose help shows each with its whole first sentence, as the list of all does."""

from __future__ import annotations

import click

#: Of a first sentence; help breaks its lines.
LONGEST = 200


class Noun(click.Group):
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(LONGEST)) for name, one in found if one])
