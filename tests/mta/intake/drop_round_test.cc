// Shares of the owners of drop files.
#include "mta/intake/drop_round.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <thread>

#include "tests/support/temp_folder.h"

namespace {

// Makes the system refuse, in the calling thread until it ends, to describe a descriptor or a path. False: not possible here.
bool refuse_to_inspect() {
  sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_newfstatat, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{sizeof rules / sizeof *rules, rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

TEST_CASE("drop folder: a round ends when the folder cannot be read, and the next one begins afresh") {
  const mxpress::test::TempFolder folder;
  std::ofstream(folder.path() / "a") << "x";
  mxpress::mta::intake::DropRound round(folder.path());
  int seen = 0;
  const auto look = [&seen](const std::string&, int) { return ++seen > 0; };
  bool is_refused = false, ended = false;
  std::thread([&] {
    is_refused = refuse_to_inspect();
    ended = round.go_on(look);
  }).join();
  REQUIRE(is_refused);
  CHECK(ended);
  CHECK(seen == 0);
  CHECK(round.go_on(look));
  CHECK(seen == 1);
}

TEST_CASE("drop folder: shares are of each owner, and come back after a second") {
  using mxpress::BootTime;
  mxpress::mta::intake::DropShares shares;
  const BootTime now{std::chrono::hours(1)};
  for (std::size_t i = 0; i < shares.kOfOneOwner; ++i) CHECK(shares.take(1, 0, now));
  CHECK_FALSE(shares.take(1, 0, now));
  CHECK(shares.take(2, 0, now));
  CHECK_FALSE(shares.take(1, 0, now + std::chrono::milliseconds(999)));
  CHECK(shares.take(1, 0, now + std::chrono::seconds(1)));
}

TEST_CASE("drop folder: large files use up their owner's share, also of the seconds that follow, and nobody else's") {
  using mxpress::BootTime;
  mxpress::mta::intake::DropShares shares;
  const BootTime now{std::chrono::hours(1)};
  const std::uint64_t three_seconds = 3 * shares.kOfOneOwner * shares.kOctetsOfUnit - 1;
  CHECK(shares.take(1, three_seconds, now));
  CHECK_FALSE(shares.take(1, 0, now));
  CHECK(shares.take(2, 0, now));
  CHECK_FALSE(shares.take(1, 0, now + std::chrono::milliseconds(1999)));
  CHECK_FALSE(shares.take(1, 0, now + std::chrono::seconds(2)));
  CHECK(shares.take(1, 0, now + std::chrono::seconds(3)));
}

TEST_CASE("drop folder: commands are charged to the file's owner alone, and paid off second by second") {
  using mxpress::BootTime;
  mxpress::mta::intake::DropShares shares;
  const BootTime now{std::chrono::hours(1)};
  REQUIRE(shares.take(1, 0, now));
  shares.charge(1, 3 * shares.kOfOneOwner * shares.kWorkOfUnit);
  CHECK_FALSE(shares.take(1, 0, now + std::chrono::milliseconds(2999)));
  CHECK(shares.take(2, 0, now));
  CHECK(shares.take(1, 0, now + std::chrono::seconds(3)));
}
