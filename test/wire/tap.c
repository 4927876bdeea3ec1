// Sends the frames that it is told to on one interface, and tells all that arrive there.
//   tap INTERFACE    one frame a line, in hexadecimal, on standard input and output; first a line "ready"
// Ends with its standard input. Needs CAP_NET_RAW.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MOST 2000

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_socket(const char *interface) {
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), room = 4 << 20;
  if (fd < 0) fail("socket");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  address.sll_ifindex = (int)if_nametoindex(interface);
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) fail(interface);
  return fd;
}

static void tell(int fd) {
  uint8_t frame[MOST];
  struct sockaddr_ll from;
  socklen_t size = sizeof from;
  ssize_t length = recvfrom(fd, frame, sizeof frame, 0, (struct sockaddr *)&from, &size);
  if (length < 0 || from.sll_pkttype == PACKET_OUTGOING) return;
  for (ssize_t i = 0; i < length; i++) printf("%02x", frame[i]);
  puts("");
}

static void send_line(int fd, const char *line) {
  uint8_t frame[MOST];
  size_t length = 0;
  unsigned byte;
  for (; length < MOST && sscanf(line + 2 * length, "%2x", &byte) == 1; length++) frame[length] = (uint8_t)byte;
  if (send(fd, frame, length, 0) < 0) perror("send");
}

int main(int count, char **arguments) {
  if (count != 2) return fputs("tap INTERFACE\n", stderr), 2;
  int fd = open_socket(arguments[1]);
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0);  // so that poll tells of each line
  puts("ready");
  char line[2 * MOST + 2];
  struct pollfd ready[] = {{0, POLLIN, 0}, {fd, POLLIN, 0}};
  while (poll(ready, 2, -1) >= 0) {
    if (ready[1].revents) tell(fd);
    if (!ready[0].revents) continue;
    if (!fgets(line, sizeof line, stdin)) return 0;
    send_line(fd, line);
  }
  return 1;
}
