/* poison: preloaded into a daemon, it stands for a fault that one message meets: whoever sends these words as content dies of SIGSEGV. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

static const char words[] = "these words are poison";

ssize_t sendmsg(int socket, const struct msghdr* message, int flags) {
  static ssize_t (*real)(int, const struct msghdr*, int);
  if (!real) real = (ssize_t(*)(int, const struct msghdr*, int))dlsym(RTLD_NEXT, "sendmsg");
  for (size_t i = 0; i < message->msg_iovlen; ++i)
    if (memmem(message->msg_iov[i].iov_base, message->msg_iov[i].iov_len, words, sizeof words - 1)) raise(SIGSEGV);
  return real(socket, message, flags);
}

ssize_t send(int socket, const void* octets, size_t size, int flags) {
  static ssize_t (*real)(int, const void*, size_t, int);
  if (!real) real = (ssize_t(*)(int, const void*, size_t, int))dlsym(RTLD_NEXT, "send");
  if (memmem(octets, size, words, sizeof words - 1)) raise(SIGSEGV);
  return real(socket, octets, size, flags);
}
