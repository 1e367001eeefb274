"""OVAs for tests, as VirtualBox and VMware write them."""

import hashlib
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

# Both were written by hand after what the two programs export, with what vmdesk reads of it.
VIRTUALBOX = """<?xml version="1.0"?>
<Envelope ovf:version="1.0" xml:lang="en-US" xmlns="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
  xmlns:vbox="http://www.virtualbox.org/ovf/machine">
  <References>
    <File ovf:id="file1" ovf:href="web-disk001.vmdk"/>
    <File ovf:id="file2" ovf:href="web-disk002.vmdk"/>
  </References>
  <DiskSection>
    <Info>List of the virtual disks used in the package</Info>
    <Disk ovf:capacity="8388608" ovf:diskId="vmdisk1" ovf:fileRef="file1"/>
    <Disk ovf:capacity="8388608" ovf:diskId="vmdisk2" ovf:fileRef="file2"/>
  </DiskSection>
  <NetworkSection><Network ovf:name="NAT"/></NetworkSection>
  <VirtualSystem ovf:id="web">
    <Info>A virtual machine</Info>
    <AnnotationSection><Annotation>Serves pages.</Annotation></AnnotationSection>
    <OperatingSystemSection ovf:id="96">
      <Description>Debian_64</Description>
      <vbox:OSType ovf:required="false">Debian_64</vbox:OSType>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <System><vssd:VirtualSystemType>virtualbox-2.2</vssd:VirtualSystemType></System>
      <Item><rasd:Caption>2 virtual CPU</rasd:Caption><rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>96</rasd:VirtualQuantity></Item>
      <Item><rasd:ElementName>sataController0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>AHCI</rasd:ResourceSubType><rasd:ResourceType>20</rasd:ResourceType></Item>
      <Item><rasd:ElementName>floppy0</rasd:ElementName><rasd:InstanceID>4</rasd:InstanceID>
        <rasd:ResourceType>14</rasd:ResourceType></Item>
      <Item><rasd:HostResource>/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>5</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:HostResource>/disk/vmdisk2</rasd:HostResource><rasd:InstanceID>6</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:ElementName>cdrom1</rasd:ElementName><rasd:InstanceID>7</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent><rasd:ResourceType>15</rasd:ResourceType></Item>
      <Item><rasd:Connection>NAT</rasd:Connection><rasd:InstanceID>8</rasd:InstanceID>
        <rasd:ResourceSubType>E1000</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
    </VirtualHardwareSection>
    <vbox:Machine ovf:required="false" version="1.16-linux" name="web" OSType="Debian_64">
      <Hardware><CPU count="2"/><Memory RAMSize="96"/></Hardware>
    </vbox:Machine>
  </VirtualSystem>
</Envelope>"""

VMWARE = """<?xml version='1.0' encoding='UTF-8'?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References><File ovf:id="file1" ovf:href="mail%20server-disk1.vmdk"/></References>
  <DiskSection>
    <Disk ovf:diskId="vmdisk1" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30"
      ovf:fileRef="file1" ovf:populatedSize="0"/>
    <Disk ovf:diskId="vmdisk2" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30"/>
  </DiskSection>
  <DeploymentOptionSection>
    <Configuration ovf:id="small"/><Configuration ovf:id="large" ovf:default="true"/>
  </DeploymentOptionSection>
  <VirtualSystem ovf:id="vm">
    <Name>mail/server</Name>
    <OperatingSystemSection ovf:id="112" vmw:osType="windows2019srv_64Guest"/>
    <VirtualHardwareSection>
      <Item ovf:configuration="small"><rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
      <Item ovf:configuration="large"><rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
      <Item ovf:bound="min"><rasd:ResourceType>4</rasd:ResourceType>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:VirtualQuantity>16</rasd:VirtualQuantity></Item>
      <Item><rasd:ResourceType>4</rasd:ResourceType>
        <rasd:AllocationUnits>byte * 2^30</rasd:AllocationUnits>
        <rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:ElementName>Hard disk 1</rasd:ElementName>
        <rasd:ResourceType>17</rasd:ResourceType>
        <rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource></Item>
      <Item><rasd:ElementName>Hard disk 2</rasd:ElementName>
        <rasd:ResourceType>17</rasd:ResourceType>
        <rasd:HostResource>ovf:/disk/vmdisk2</rasd:HostResource></Item>
      <Item><rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType></Item>
      <Item><rasd:ResourceSubType>unheard of</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType></Item>
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>"""


def vmdk(raw: Path, path: Path) -> Path:
    """Make the kind of image of ``raw`` that an OVA holds, and remove ``raw``."""
    options = ["-o", "subformat=streamOptimized"]
    argv = ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", *options, str(raw), str(path)]
    subprocess.run(argv, check=True)
    raw.unlink()
    return path


def as_vmware_writes(image: Path) -> Path:
    """Give a vmdk version 3, and its header once more at the end, which is the one that counts."""
    with image.open("r+b") as file:
        file.seek(4)
        file.write(struct.pack("<I", 3))
        file.seek(0)
        header = file.read(512)
        file.seek(56)
        file.write(b"\xff" * 8)
        file.seek(0, 2)
        file.write(struct.pack("<QII496x", 1, 0, 3) + header + bytes(512))
    return image


def pack(path: Path, ovf: str, files: Sequence[Path], checksum: str = "SHA256") -> Path:
    """Write an OVA with a manifest, if ``checksum`` names what is in it."""
    described = path.with_suffix(".ovf")
    described.write_text(ovf)
    members = [described, *files]
    if checksum:
        sums = path.with_suffix(".mf")
        sums.write_text(
            "".join(
                f"{checksum}({file.name})= {hashlib.new(checksum, file.read_bytes()).hexdigest()}\n"
                for file in members
            )
        )
        members.insert(1, sums)
    names = [file.name for file in members]
    argv = ["tar", "--format=ustar", "-C", str(path.parent), "-cf", str(path), *names]
    subprocess.run(argv, check=True)
    for file in members:
        file.unlink()
    return path
