// An AF_PACKET socket on one interface with a receive ring (Documentation/networking/packet_mmap.rst).
// Moves frames; knows nothing of what is in them beyond what the filter says.
#pragma once
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "descriptor.h"
#include "frame.h"

// How many frames wait at most, and how much of each is kept, with a header of some 80 bytes before it: powers of two,
// together at least 64 KiB.
struct RingSize {
  unsigned frames;
  unsigned frame_bytes;
};

class PacketSocket {
 public:
  // Receives frames of `ethertype` that `filter` lets pass. Throws SystemError.
  PacketSocket(int interface_index, uint16_t ethertype, const std::vector<sock_filter> &filter, RingSize ring);
  ~PacketSocket();
  PacketSocket(const PacketSocket &) = delete;
  PacketSocket &operator=(const PacketSocket &) = delete;

  int fd() const { return fd_; }

  // Hands at most `budget` waiting frames to `take`.
  template <typename Take>
  void receive(unsigned budget, Take take) {
    for (; budget > 0; budget--) {
      tpacket2_hdr *header = slot();
      if (!(__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) return;
      take(frame(header));
      release(header);
    }
  }

  // Sends a whole frame without waiting; 0, or the errno.
  int send(const void *bytes, size_t size) const;

  // Sends the first `count` of these, one frame each, in order and without waiting. Returns how many were sent: the one
  // after them could not be.
  unsigned send(mmsghdr *frames, unsigned count) const;

  // Frames lost because the ring was full, since the socket was made. One thread only.
  uint64_t dropped();

  // False once the interface is gone from here, even if another has its index by now.
  bool is_bound() const;

  // Clears a pending error (the interface went down), so that the descriptor does not stay readable for it.
  void clear_error() const;

 private:
  size_t ring_bytes() const;
  tpacket2_hdr *slot() const;
  static Frame frame(const tpacket2_hdr *header);
  void release(tpacket2_hdr *header);

  Descriptor fd_;
  const RingSize size_;
  uint8_t *ring_ = nullptr;
  unsigned next_ = 0;
  uint64_t dropped_ = 0;
};

// Throws SystemError unless this process may open packet sockets.
void try_packet_socket();
