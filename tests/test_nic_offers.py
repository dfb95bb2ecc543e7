"""What emulators and PCI devices offer for NICs."""

from kvmnet_tui.netxml.emulator import models_in, virtual_function

HELP = """Controller/Bridge/Hub devices:
name "i82801b11-bridge", bus PCI

Network devices:
name "e1000", bus PCI, alias "e1000-82540em", desc "Intel Gigabit Ethernet"
name "e1000e", bus PCI, desc "Intel 82574L GbE Controller"
name "rtl8139", bus PCI
name "rocker", bus PCI, desc "Rocker Switch"
name "virtio-net-pci", bus PCI, alias "virtio-net"

Input devices:
name "pcnet", bus PCI
"""

FUNCTION = """<device>
  <name>pci_0000_3b_02_1</name>
  <capability type='pci'>
    <class>0x020000</class>
    <domain>0</domain><bus>59</bus><slot>2</slot><function>1</function>
    <product id='0x1515'>X540 Ethernet Controller Virtual Function</product>
    <capability type='phys_function'>
      <address domain='0x0000' bus='0x3b' slot='0x00' function='0x0'/>
    </capability>
  </capability>
</device>"""


def test_the_network_cards_of_an_emulator_are_read_the_usual_ones_first() -> None:
    assert models_in(HELP) == ("virtio", "e1000e", "e1000", "rtl8139")


def test_what_is_no_list_of_devices_names_no_models() -> None:
    assert models_in("") == ()
    assert models_in("qemu: unknown option -device") == ()


def test_a_virtual_function_is_known_by_its_physical_one() -> None:
    assert virtual_function(FUNCTION) == (
        "0000:3b:02.1",
        "X540 Ethernet Controller Virtual Function",
    )
    assert virtual_function(FUNCTION.replace("phys_function", "virt_functions")) is None
    assert virtual_function(FUNCTION.replace("0x020000", "0x010800")) is None
    assert virtual_function("<device/>") is None
    assert virtual_function("no XML") is None
