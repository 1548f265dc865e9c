// The entrances as in the daemon: listeners on loopback and a Unix socket in a folder of their own, worker threads, a spool in
// memory.
#pragma once

#include <boost/filesystem.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mta/intake/intake.h"
#include "mta/intake/submit.h"
#include "mta/system/user_lookup.h"
#include "tests/support/fake_spool.h"
#include "tests/support/logging_hub.h"

namespace mxpress::testing {

// A folder that is removed at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  const boost::filesystem::path& path() const { return path_; }

 private:
  boost::filesystem::path path_;
};

struct ProgramResult {
  int code = -1;  // exit code; -1: killed
  std::string output, errors;
};

// Runs a program with this input; both outputs are read to their ends.
ProgramResult run_program(std::vector<std::string> command, const std::string& input, std::vector<std::string> environment = {});
// The program of this build, such as "sendmail": beside the tests.
std::string program(const std::string& name);

class IntakeHouse {
 public:
  explicit IntakeHouse(std::function<void(mta::Config&)> change = {}, std::size_t workers = 1);
  ~IntakeHouse() { close(); }

  void open();   // again, after close()
  void close();  // the daemon stops
  ProgramResult sendmail(std::vector<std::string> arguments, const std::string& input);
  int connect_tcp() const;  // a blocking descriptor
  int connect_tcp(int socket) const;
  int connect_unix() const;
  const mta::intake::Intake& intake() const { return *intake_; }
  const mta::intake::Context& context() const { return *context_; }

  ScratchFolder folder;
  FakeSpool spool;
  FakeDeliverer deliverer;
  LoggingHub events;
  mta::Config base;
  std::unique_ptr<mta::system::UserLookup> users;  // used by open(); null: every name is a user
  std::unique_ptr<mta::CurrentConfig> config;
  std::uint16_t port = 0;

 private:
  const std::size_t workers_;
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  std::unique_ptr<mta::intake::Context> context_;
  std::unique_ptr<mta::intake::Intake> intake_;
  std::vector<std::thread> threads_;
};

// Blocking reads from a descriptor of the house, until `text` has come, the other end has closed, or five seconds have passed.
std::string read_until(int descriptor, const std::string& text);
void write_everything(int descriptor, const std::string& bytes);

}  // namespace mxpress::testing
