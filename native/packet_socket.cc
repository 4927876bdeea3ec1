#include "packet_socket.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "system_error.h"

namespace {

constexpr unsigned kBlockBytes = 65536;  // a multiple of every page size

void set(int fd, int option, const void *value, socklen_t size, const char *name) {
  if (setsockopt(fd, SOL_PACKET, option, value, size) != 0) throw SystemError(std::string("setsockopt ") + name);
}

int open_packet_socket() {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw SystemError("socket AF_PACKET");
  return fd;
}

}  // namespace

void try_packet_socket() { Descriptor fd(open_packet_socket()); }

// Protocol 0 receives nothing until bind: no frame from another interface or past the filter gets in.
PacketSocket::PacketSocket(int interface_index, uint16_t ethertype, const std::vector<sock_filter> &filter,
                           RingSize ring)
    : fd_(open_packet_socket()), size_(ring) {
  // Version 2: one frame at a time. Version 3 gathers blocks, which delays replies.
  int version = TPACKET_V2;
  set(fd_, PACKET_VERSION, &version, sizeof version, "PACKET_VERSION");
  sock_fprog program = {static_cast<unsigned short>(filter.size()), const_cast<sock_filter *>(filter.data())};
  if (setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    throw SystemError("setsockopt SO_ATTACH_FILTER");
  auto blocks = static_cast<unsigned>(ring_bytes() / kBlockBytes);
  tpacket_req request = {kBlockBytes, blocks, size_.frame_bytes, size_.frames};
  set(fd_, PACKET_RX_RING, &request, sizeof request, "PACKET_RX_RING");
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ethertype);
  address.sll_ifindex = interface_index;
  if (bind(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
    throw SystemError("bind to interface " + std::to_string(interface_index));
  void *memory = mmap(nullptr, ring_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (memory == MAP_FAILED) throw SystemError("mmap of the receive ring");
  ring_ = static_cast<uint8_t *>(memory);
}

PacketSocket::~PacketSocket() { munmap(ring_, ring_bytes()); }

size_t PacketSocket::ring_bytes() const { return size_t{size_.frame_bytes} * size_.frames; }

tpacket2_hdr *PacketSocket::slot() const {
  return reinterpret_cast<tpacket2_hdr *>(ring_ + size_t{next_} * size_.frame_bytes);
}

Frame PacketSocket::frame(const tpacket2_hdr *header) {
  auto start = reinterpret_cast<const uint8_t *>(header);
  auto address = reinterpret_cast<const sockaddr_ll *>(start + TPACKET_ALIGN(sizeof *header));
  uint16_t tag = header->tp_status & TP_STATUS_VLAN_VALID ? header->tp_vlan_tci : 0;
  return {start + header->tp_mac, header->tp_snaplen, address->sll_pkttype, static_cast<uint16_t>(tag & 0x0fff),
          address->sll_ifindex};
}

void PacketSocket::release(tpacket2_hdr *header) {
  __atomic_store_n(&header->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  next_ = (next_ + 1) % size_.frames;
}

int PacketSocket::send(const void *bytes, size_t size) const {
  return ::send(fd_, bytes, size, MSG_DONTWAIT) < 0 ? errno : 0;
}

unsigned PacketSocket::send(mmsghdr *frames, unsigned count) const {
  int sent = sendmmsg(fd_, frames, count, MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<unsigned>(sent);
}

uint64_t PacketSocket::dropped() {
  tpacket_stats statistics = {};
  socklen_t size = sizeof statistics;
  // Reading sets the kernel's count to zero.
  if (getsockopt(fd_, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0) dropped_ += statistics.tp_drops;
  return dropped_;
}

bool PacketSocket::is_bound() const {
  sockaddr_ll address = {};
  socklen_t size = sizeof address;
  return getsockname(fd_, reinterpret_cast<sockaddr *>(&address), &size) == 0 && address.sll_ifindex > 0;
}

void PacketSocket::clear_error() const {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
}
