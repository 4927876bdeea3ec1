// Asks for addresses on one interface, by ARP or neighbour solicitation, and measures the answers.
//   neighbour-load INTERFACE FIRST COUNT paced RATE SECONDS   prints: sent answered p50_us p99_us max_us late (over 10 ms)
//   neighbour-load INTERFACE FIRST COUNT flood SECONDS        prints: sent answered seconds
//   neighbour-load INTERFACE FIRST COUNT storm RATE SECONDS   prints: sent; for addresses that nobody has
// It asks for COUNT addresses from FIRST (IPv4 or IPv6) on, in turn, as the interface's own address. Needs CAP_NET_RAW.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define LATE_NS 10000000
#define LAST_ANSWERS_NS 300000000
#define ARP_BYTES 60
#define SOLICITATION_BYTES 86
#define FRAME_BYTES 128

static uint8_t mac[6];
static int fd;
static int family;
static uint8_t first[16];   // IPv4 in the first four bytes
static uint8_t own[16];     // likewise
static size_t frame_bytes;
static size_t reply_target;  // where a reply has the last four bytes of the address

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void read_first(const char *text) {
  family = strchr(text, ':') ? AF_INET6 : AF_INET;
  if (inet_pton(family, text, first) != 1) fail(text);
  frame_bytes = family == AF_INET ? ARP_BYTES : SOLICITATION_BYTES;
  reply_target = family == AF_INET ? 28 : 74;
}

static void read_own(const char *interface) {
  struct ifaddrs *all;
  if (getifaddrs(&all)) fail("addresses");
  for (struct ifaddrs *each = all; each; each = each->ifa_next) {
    if (!each->ifa_addr || each->ifa_addr->sa_family != family || strcmp(each->ifa_name, interface) != 0) continue;
    const struct in6_addr *six = &((struct sockaddr_in6 *)each->ifa_addr)->sin6_addr;
    if (family == AF_INET) memcpy(own, &((struct sockaddr_in *)each->ifa_addr)->sin_addr, 4);
    else if (IN6_IS_ADDR_LINKLOCAL(six)) continue;
    else memcpy(own, six, 16);
    freeifaddrs(all);
    return;
  }
  fprintf(stderr, "%s has no address of that family\n", interface);
  exit(1);
}

// Replies and advertisements only.
static void open_socket(const char *interface) {
  int ethertype = family == AF_INET ? ETH_P_ARP : ETH_P_IPV6;
  fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) fail("socket");
  struct ifreq request = {0};
  strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFHWADDR, &request)) fail(interface);
  memcpy(mac, request.ifr_hwaddr.sa_data, 6);
  struct sock_filter reply[] = {
      family == AF_INET ? (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20)
                        : (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, family == AF_INET ? 2 : 136, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, FRAME_BYTES),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {4, reply};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) fail("filter");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)ethertype)};
  address.sll_ifindex = (int)if_nametoindex(interface);
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) fail("bind");
}

// The nth address, its last four bytes counted up.
static void target_of(uint32_t n, uint8_t *address) {
  size_t last = family == AF_INET ? 0 : 12;
  uint32_t number;
  memcpy(address, first, 16);
  memcpy(&number, first + last, 4);
  number = htonl(ntohl(number) + n);
  memcpy(address + last, &number, 4);
}

static uint32_t index_of(const uint8_t *reply) {
  uint32_t got, base;
  memcpy(&got, reply + reply_target, 4);
  memcpy(&base, first + (family == AF_INET ? 0 : 12), 4);
  return ntohl(got) - ntohl(base);
}

static void make_arp(uint8_t *frame, const uint8_t *target) {
  static const uint8_t start[] = {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};
  memset(frame, 0xff, 6);
  memcpy(frame + 6, mac, 6);
  memcpy(frame + 12, start, sizeof start);
  memcpy(frame + 22, mac, 6);
  memcpy(frame + 28, own, 4);
  memcpy(frame + 38, target, 4);
}

static void make_solicitation(uint8_t *frame, const uint8_t *target) {
  static const uint8_t start[] = {0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255};
  static const uint8_t group[13] = {0xff, 2, [11] = 1, [12] = 0xff};
  const uint8_t multicast[] = {0x33, 0x33, 0xff, target[13], target[14], target[15]};
  memcpy(frame, multicast, 6);
  memcpy(frame + 6, mac, 6);
  memcpy(frame + 12, start, sizeof start);
  memcpy(frame + 22, own, 16);
  memcpy(frame + 38, group, 13);
  memcpy(frame + 51, target + 13, 3);
  frame[54] = 135;
  memcpy(frame + 62, target, 16);
  frame[78] = frame[79] = 1;  // source link-layer address
  memcpy(frame + 80, mac, 6);
  uint32_t sum = 32 + 58;
  for (int i = 22; i < SOLICITATION_BYTES; i += 2) sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  frame[56] = (uint8_t)(~sum >> 8);
  frame[57] = (uint8_t)~sum;
}

static void make_request(uint8_t *frame, uint32_t n) {
  uint8_t target[16];
  target_of(n, target);
  memset(frame, 0, frame_bytes);
  if (family == AF_INET) make_arp(frame, target);
  else make_solicitation(frame, target);
}

static int by_value(const void *one, const void *other) {
  int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return (a > b) - (a < b);
}

static void paced(uint32_t count, int rate, int seconds) {
  int total = rate * seconds, answered = 0, late = 0;
  int64_t *delays = calloc((size_t)total, sizeof *delays), *sent_at = calloc(count, sizeof *sent_at);
  int64_t start = now(), interval = 1000000000LL / rate, end = start + interval * total + 1000000000LL;
  for (int sent = 0; now() < end && (sent < total || answered < total);) {
    int64_t next = sent < total ? start + sent * interval : end;
    if (now() >= next) {
      uint8_t frame[FRAME_BYTES];
      make_request(frame, (uint32_t)sent % count);
      sent_at[(uint32_t)sent % count] = now();
      if (send(fd, frame, frame_bytes, 0) < 0) fail("send");
      sent++;
      continue;
    }
    struct timespec wait = {0, next - now() > 0 ? (next - now()) % 1000000000LL : 0};
    struct pollfd readable = {fd, POLLIN, 0};
    if (ppoll(&readable, 1, &wait, NULL) <= 0) continue;
    uint8_t reply[FRAME_BYTES];
    if (recv(fd, reply, sizeof reply, 0) < 42) continue;
    uint32_t index = index_of(reply);
    if (index >= count || answered == total) continue;
    int64_t delay = now() - sent_at[index];
    delays[answered++] = delay;
    if (delay > LATE_NS) late++;
  }
  qsort(delays, (size_t)answered, sizeof *delays, by_value);
  int measured = answered > 0 ? answered : 1;
  printf("%d %d %.1f %.1f %.1f %d\n", total, answered, (double)delays[measured / 2] / 1e3,
         (double)delays[(long)measured * 99 / 100] / 1e3, (double)delays[measured - 1] / 1e3, late);
}

static void flood(uint32_t count, int seconds) {
  uint8_t frames[BATCH][FRAME_BYTES];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
  memset(messages, 0, sizeof messages);
  long sent = 0;
  int64_t start = now(), end = start + seconds * 1000000000LL;
  while (now() < end) {
    for (int i = 0; i < BATCH; i++) {
      make_request(frames[i], (uint32_t)(sent + i) % count);
      parts[i] = (struct iovec){frames[i], frame_bytes};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    int done = sendmmsg(fd, messages, BATCH, 0);
    if (done > 0) sent += done;
  }
  double took = (double)(now() - start) / 1e9;
  usleep(LAST_ANSWERS_NS / 1000);
  struct tpacket_stats statistics = {0};
  socklen_t size = sizeof statistics;
  getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size);  // counts what nobody read, too
  printf("%ld %u %.3f\n", sent, statistics.tp_packets, took);
}

// Each millisecond its share, in one go.
static void storm(uint32_t count, int rate, int seconds) {
  int64_t start = now(), end = start + seconds * 1000000000LL;
  long sent = 0;
  for (int64_t time = start; time < end; time = now()) {
    for (long due = (long)((double)(time - start) * rate / 1e9); sent < due; sent++) {
      uint8_t frame[FRAME_BYTES];
      make_request(frame, (uint32_t)sent % count);
      if (send(fd, frame, frame_bytes, 0) < 0) fail("send");
    }
    usleep(1000);
  }
  printf("%ld\n", sent);
}

int main(int count, char **arguments) {
  if (count < 6)
    return fputs("neighbour-load INTERFACE FIRST COUNT paced|storm RATE SECONDS | flood SECONDS\n", stderr), 2;
  read_first(arguments[2]);
  read_own(arguments[1]);
  open_socket(arguments[1]);
  uint32_t addresses = (uint32_t)atoi(arguments[3]);
  if (strcmp(arguments[4], "flood") == 0) flood(addresses, atoi(arguments[5]));
  else if (strcmp(arguments[4], "storm") == 0) storm(addresses, atoi(arguments[5]), atoi(arguments[6]));
  else paced(addresses, atoi(arguments[5]), atoi(arguments[6]));
  return 0;
}
