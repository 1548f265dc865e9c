// One simulated run: mail arrives for days, hosts behave by their kinds, operators act, the machine crashes; in the end all mail has ended.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mta/config/config.h"
#include "mta/delivery/dispatcher.h"
#include "mta/events/hub.h"
#include "mta/system/log.h"
#include "tests/sim/internet.h"
#include "tests/sim/ledger.h"
#include "tests/sim/observed_spool.h"
#include "tests/sim/traffic.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/virtual_time.h"

namespace mxpress::sim {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t messages = 200;
  std::uint32_t destinations = 50;
  Duration span = std::chrono::days(7);  // period in which mail arrives
  unsigned crashes = 2;
  bool verbose = false;  // the log, with virtual time, on standard error
};

struct Outcome {
  Figures figures;
  std::uint64_t connections = 0, crashes = 0, actions = 0;
  std::size_t most_connections = 0, longest_queue = 0;
  Duration virtual_time{0};
  std::uint64_t hash = 0;
  std::vector<std::string> wrongs;
};

class Run {
 public:
  explicit Run(const Options& options);
  ~Run();
  Outcome live();

 private:
  // run.cc: the run
  void pass_until(Instant when);
  void submit(const Arrival& arrival);
  void make_large(queue::NewMessage& message);
  void act();
  void act_on(queue::ActionKind action, std::vector<queue::QueueId> messages);
  void drain();
  bool is_over() const { return ledger_.open().empty(); }

  // run_crash.cc: from one process to the next
  void start();
  Status try_start();
  void crash();
  void tear_down();
  void log_line(const mta::LogLine& line);

  // run_sweep.cc: the large check
  void sweep();
  void compare_with_schedule(const std::vector<mta::delivery::DestinationStatus>& rows);
  void look_at_waiting();
  void compare_some();
  std::vector<mta::delivery::DestinationStatus> status();

  const Options options_;
  Chance chance_;
  testing::VirtualTime time_;
  const boost::filesystem::path folder_;  // of the local mailbox: the only thing on a real disk
  mta::CurrentConfig config_;
  mta::events::Hub events_;
  World world_;
  Ledger ledger_;
  Internet internet_;
  Traffic traffic_;
  test::ForgetfulDisk disk_;
  std::unique_ptr<asio::io_context> io_;
  std::unique_ptr<ObservedSpool> spool_;
  std::unique_ptr<mta::delivery::Dispatcher> dispatcher_;
  std::uint64_t crashes_ = 0, actions_ = 0;
  std::size_t longest_queue_ = 0;
  bool dying_ = false;  // the disk has failed, and the crash is near: complaints are expected
};

}  // namespace mxpress::sim
