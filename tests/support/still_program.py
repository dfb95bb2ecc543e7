"""The app over the course's host as a program: SIGUSR1 flips one link's state, nothing else."""

import asyncio
import signal
import sys
from dataclasses import replace

from kvmnet_tui.app import AppSettings, KvmnetApp
from kvmnet_tui.controller import Publish
from kvmnet_tui.model.links import IFF_UP
from tests.support import pictures
from tests.support.screens import StillHost


class FlippingHost(StillHost):
    """Sets vnet1 down and up again."""

    async def run(self) -> None:
        """Flip when told to."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._flip)
        await super().run()

    def _flip(self) -> None:
        link = self.state.links[pictures.VNET1]
        link = replace(link, flags=link.flags ^ IFF_UP)
        self.show(replace(self.state, links={**self.state.links, link.index: link}))


def make_host(publish: Publish) -> FlippingHost:
    """The course's host."""
    return FlippingHost(publish, pictures.course_host())


if __name__ == "__main__":
    app = KvmnetApp(make_host, AppSettings())
    app.run()
    sys.exit(app.return_code)
