"""Floor of start and memory: the smallest Textual app with one DataTable."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable

ROWS = 60
COLUMNS = ("link", "kind", "state", "mtu", "mac", "address", "received", "sent")


class MinimalApp(App[None]):
    """One table of made-up links."""

    def compose(self) -> ComposeResult:
        yield DataTable[str]()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        for row in range(ROWS):
            table.add_row(f"vnet{row}", "tun", "up", "1500", "52:54:00:00:00:01", "", "0", "0")


if __name__ == "__main__":
    MinimalApp().run()
