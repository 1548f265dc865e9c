// A process that may not start threads.
#include "tests/support/without_threads.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mxpress::testing {
namespace {

constexpr uid_t kNobodyElse = 64889;  // a uid without processes: root's threads are not counted

void limit_to(rlim_t threads) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NPROC, &limit);
  limit.rlim_cur = threads;
  ::setrlimit(RLIMIT_NPROC, &limit);
}

}  // namespace

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MXPRESS_TEST_CANNOT_FORK  // and start threads afterwards
#endif
#endif

int without_threads(const std::function<int(const std::function<void(Threads)>& set)>& body) {
#ifdef MXPRESS_TEST_CANNOT_FORK
  return 0;
#endif
  const pid_t child = ::fork();
  if (child == 0) {
    rlimit before{};
    ::getrlimit(RLIMIT_NPROC, &before);
    if (::geteuid() == 0 && (::setgid(kNobodyElse) != 0 || ::setuid(kNobodyElse) != 0)) ::_exit(100);
    limit_to(1);
    const auto set = [&](Threads threads) { limit_to(threads == Threads::allowed ? before.rlim_max : 1); };
    try {
      ::_exit(body(set));
    } catch (...) {  // this process is no test runner
      ::_exit(101);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace mxpress::testing
