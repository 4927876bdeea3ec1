// Holds the kernel's lock of all network configuration (rtnl), as one does who changes a lot at once: asks for the
// features of an interface, which the kernel writes under that lock, into a page that is not there until this program
// puts it there (userfaultfd).
//   rtnl-holder    first a line: "held", or why it cannot; lets go when its standard input ends or is written to
// Exit status 0; 1 when nobody told it to let go for MOST_MS, since all of the machine waits for it; 2 when it cannot.
// Killed, it lets go as well. Needs root.
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_MS 5000

static void fail(const char *what) {
  printf("%s: %m\n", what);
  exit(2);
}

static void *ask(void *features) {
  struct ifreq request = {.ifr_name = "lo", .ifr_data = features};
  if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCETHTOOL, &request)) fail("SIOCETHTOOL");
  return NULL;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) fail("mmap");
  // What is asked is in the first page, the answer begins with the second.
  struct ethtool_gfeatures *features = (void *)(pages + size - sizeof *features);
  *features = (struct ethtool_gfeatures){.cmd = ETHTOOL_GFEATURES, .size = 1};

  int fault = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  if (fault < 0) fail("userfaultfd");
  struct uffdio_api api = {.api = UFFD_API};
  struct uffdio_register missing = {.range = {(uintptr_t)(pages + size), size}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (ioctl(fault, UFFDIO_API, &api) || ioctl(fault, UFFDIO_REGISTER, &missing)) fail("UFFDIO_REGISTER");

  pthread_t asking;
  if (pthread_create(&asking, NULL, ask, features)) fail("pthread_create");
  struct pollfd faulted = {fault, POLLIN, 0}, told = {0, POLLIN, 0};
  if (poll(&faulted, 1, MOST_MS) != 1) fail("no page fault");
  puts("held");
  int is_told = poll(&told, 1, MOST_MS) == 1;
  struct uffdio_zeropage page = {.range = missing.range};
  if (ioctl(fault, UFFDIO_ZEROPAGE, &page)) fail("UFFDIO_ZEROPAGE");
  pthread_join(asking, NULL);
  return is_told ? 0 : 1;
}
