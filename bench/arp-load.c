// Asks for addresses by ARP on one interface and measures the answers.
//   arp-load INTERFACE FIRST COUNT paced RATE SECONDS   prints: sent answered p50_us p99_us max_us late (over 10 ms)
//   arp-load INTERFACE FIRST COUNT flood SECONDS        prints: sent answered seconds
// It asks for COUNT addresses from FIRST on, in turn. Needs CAP_NET_RAW.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
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

static uint8_t mac[6];
static int fd;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

// Replies only.
static void open_socket(const char *interface) {
  fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) fail("socket");
  struct ifreq request = {0};
  strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFHWADDR, &request)) fail(interface);
  memcpy(mac, request.ifr_hwaddr.sa_data, 6);
  struct sock_filter reply[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 128),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {4, reply};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) fail("filter");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};
  address.sll_ifindex = (int)if_nametoindex(interface);
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) fail("bind");
}

static void make_request(uint8_t *frame, uint32_t target) {
  static const uint8_t start[] = {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};
  uint32_t sender = htonl(0xc0000202);  // 192.0.2.2
  memset(frame, 0, 60);
  memset(frame, 0xff, 6);
  memcpy(frame + 6, mac, 6);
  memcpy(frame + 12, start, sizeof start);
  memcpy(frame + 22, mac, 6);
  memcpy(frame + 28, &sender, 4);
  target = htonl(target);
  memcpy(frame + 38, &target, 4);
}

static int by_value(const void *one, const void *other) {
  int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return (a > b) - (a < b);
}

static void paced(uint32_t first, uint32_t count, int rate, int seconds) {
  int total = rate * seconds, answered = 0, late = 0;
  int64_t *delays = calloc((size_t)total, sizeof *delays), *sent_at = calloc(count, sizeof *sent_at);
  int64_t start = now(), interval = 1000000000LL / rate, end = start + interval * total + 1000000000LL;
  for (int sent = 0; now() < end && (sent < total || answered < total);) {
    int64_t next = sent < total ? start + sent * interval : end;
    if (now() >= next) {
      uint8_t frame[60];
      make_request(frame, first + (uint32_t)sent % count);
      sent_at[(uint32_t)sent % count] = now();
      if (send(fd, frame, sizeof frame, 0) < 0) fail("send");
      sent++;
      continue;
    }
    struct timespec wait = {0, next - now() > 0 ? (next - now()) % 1000000000LL : 0};
    struct pollfd readable = {fd, POLLIN, 0};
    if (ppoll(&readable, 1, &wait, NULL) <= 0) continue;
    uint8_t reply[128];
    if (recv(fd, reply, sizeof reply, 0) < 42) continue;
    uint32_t sender;
    memcpy(&sender, reply + 28, 4);
    uint32_t index = ntohl(sender) - first;
    if (index >= count || answered == total) continue;
    int64_t delay = now() - sent_at[index];
    delays[answered++] = delay;
    if (delay > LATE_NS) late++;
  }
  qsort(delays, (size_t)answered, sizeof *delays, by_value);
  if (answered == 0) answered = 1;
  printf("%d %d %.1f %.1f %.1f %d\n", total, answered, (double)delays[answered / 2] / 1e3,
         (double)delays[(long)answered * 99 / 100] / 1e3, (double)delays[answered - 1] / 1e3, late);
}

static void flood(uint32_t first, uint32_t count, int seconds) {
  uint8_t frames[BATCH][60];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
  memset(messages, 0, sizeof messages);
  long sent = 0;
  int64_t start = now(), end = start + seconds * 1000000000LL;
  while (now() < end) {
    for (int i = 0; i < BATCH; i++) {
      make_request(frames[i], first + (uint32_t)(sent + i) % count);
      parts[i] = (struct iovec){frames[i], 60};
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

int main(int count, char **arguments) {
  if (count < 6) return fputs("arp-load INTERFACE FIRST COUNT paced RATE SECONDS | flood SECONDS\n", stderr), 2;
  open_socket(arguments[1]);
  uint32_t first = ntohl(inet_addr(arguments[2])), addresses = (uint32_t)atoi(arguments[3]);
  if (strcmp(arguments[4], "flood") == 0) flood(first, addresses, atoi(arguments[5]));
  else paced(first, addresses, atoi(arguments[5]), atoi(arguments[6]));
  return 0;
}
