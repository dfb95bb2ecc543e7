"""What deserves attention about a bond, as remarks in its row and sentences in its detail."""

from kvmnet_tui.i18n import _
from kvmnet_tui.model.bonds import Bond
from kvmnet_tui.present.cells import flagged
from kvmnet_tui.present.table import Field, Section


def short_warnings(bond: Bond) -> tuple[str, ...]:
    """A few words for each."""
    return () if bond.is_monitored else (_("not monitored"),)


def warnings_section(bond: Bond) -> tuple[Section, ...]:
    """A sentence for each; no section when there is nothing to say."""
    if bond.is_monitored:
        return ()
    sentence = _("neither MII nor ARP monitoring is on: a dead member is never noticed")
    return (Section(_("Attention"), (Field(_("not monitored"), flagged(sentence)),)),)
