// Findings about this host itself: the daemon, the clock, the disk, who has sendmail, mailq and port 25, and who reads root's mail. Pure.
#pragma once

#include "mta/doctor/finding.h"
#include "mta/doctor/network.h"

namespace mxpress::mta::doctor {

struct DaemonFacts {
  std::string failure{};  // why it cannot be asked; empty: it was
  bool accepts_mail = true;
  std::string why_not{};
  std::vector<std::string> failures{};  // problems that it reports itself
  std::string dane{};                   // "on: ...", "off: ..."
  struct Outage {
    std::string way, reason, advice;
  };
  std::vector<Outage> outages{};
  struct Key {
    std::string record, state, why;  // control_pb::SigningKey
  };
  std::vector<Key> keys{};
};

struct ClockFacts {
  bool is_synchronised = false;  // adjtimex(2)
  std::int64_t error_ms = 0;     // the kernel's bound
  WallTime now{};
  WallTime latest{};  // when a file of this host was changed: the clock cannot be before that
  std::string latest_file{};
};

struct DiskFacts {
  std::string folder{};
  std::string failure{};                          // it cannot be asked
  std::uint64_t free = 0, size = 0, reserve = 0;  // octets
  std::uint64_t free_files = 0, files = 0;        // inodes; files 0: the file system has no limit
};

// "/usr/sbin/sendmail", and the program that it leads to.
struct ProgramFacts {
  enum class Owner : std::uint8_t { nobody, mxpress, other, unknown };
  std::string name{}, target{};
  Owner owner = Owner::unknown;
};

struct AliasFacts {
  std::string name = "root";
  std::vector<std::string> targets{};   // that take mail
  std::vector<std::string> problems{};  // targets that do not, and why
  std::string unknown_because{};
};

struct Listener {
  dns::Address address;
  std::uint16_t port = 25;
  bool may_be_missing = false;  // of a default list: this host may lack the address family
};

Findings check_daemon(const DaemonFacts& daemon);
Findings check_keys_of(const DaemonFacts& daemon);  // for a user who cannot read the keys
Finding check_clock(const ClockFacts& clock);
Findings check_disk(const DiskFacts& disk);
Finding check_program(const ProgramFacts& program);
Finding check_alias(const AliasFacts& alias);
// By what it says in its greeting.
Finding check_listener(const Listener& listener, const ProbeResult& result);

}  // namespace mxpress::mta::doctor
