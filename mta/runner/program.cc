// Runs a program: from spawn to reap.
#include "mta/runner/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "mta/system/descriptor.h"
#include "proto/printable.h"

namespace mxpress::mta::runner {
namespace {

using system::Descriptor;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kShownErrors = 500;  // letters of standard error in a failure text
constexpr int kPipeful = 17;               // pieces read from a pipe that others may still write to

std::string words(int error) { return std::strerror(error); }

struct Pipe {
  Descriptor read, write;
};

std::optional<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  Pipe made{Descriptor(ends[0]), Descriptor(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return std::nullopt;
  return made;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// The arguments of posix_spawn(), freed with their owner.
class SpawnPlan {
 public:
  // `input`: -1: /dev/null.
  SpawnPlan(int input, int output, int errors) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    error_ =
        first_error({input < 0 ? ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0)
                               : ::posix_spawn_file_actions_adddup2(&actions_, input, 0),
                     ::posix_spawn_file_actions_adddup2(&actions_, output, 1), ::posix_spawn_file_actions_adddup2(&actions_, errors, 2),
                     ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3), ::posix_spawn_file_actions_addchdir_np(&actions_, "/"),
                     ::posix_spawnattr_setsigmask(&attributes_, &none), ::posix_spawnattr_setsigdefault(&attributes_, &all),
                     ::posix_spawnattr_setpgroup(&attributes_, 0),
                     ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)});
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // Returns an errno; 0: `child` is a new process running the program.
  int spawn(const Program& program, pid_t& child) const {
    if (error_ != 0) return error_;
    return ::posix_spawn(&child, program.argv[0].c_str(), &actions_, &attributes_, pointers(program.argv).data(),
                         pointers(program.environment).data());
  }

 private:
  static int first_error(std::initializer_list<int> errors) {
    const auto* found = std::find_if(errors.begin(), errors.end(), [](int error) { return error != 0; });
    return found == errors.end() ? 0 : *found;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  int error_ = 0;
};

std::string why_not_started(int error) {
  if (error == ENOENT) return "is not there, or the interpreter that its first line names is not";
  if (error == EACCES) return "must not be run by mxpress-runner: its mode, that of a folder, or a file system without programs";
  if (error == ENOEXEC) return "is no program: a script needs a first line such as #!/bin/sh";
  return "cannot be started: " + words(error);
}

enum class End { by_itself, time_is_up, too_much_output, nobody_waits, stopped };

// One process, from its start until it is reaped.
class Run {
 public:
  Run(const ProgramLimits& limits, const Interrupts& interrupts) : limits_(limits), interrupts_(interrupts) {}
  ~Run() {
    if (child_ > 0) reap();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Status start(const Program& program);
  // Waits until it has ended, or has to be ended.
  End watch();
  // Ends it and its whole group. Returns the status of waitpid().
  int reap();
  CommandOutput output{};

 private:
  static constexpr nfds_t kOutput = 0, kErrors = 1, kEnded = 2, kPeer = 3, kStop = 4, kAll = 5;

  bool has_ended(std::chrono::milliseconds patience) const;
  void kill_all(int signal) const;
  bool read_output();
  bool read_errors();

  const ProgramLimits limits_;
  const Interrupts interrupts_;
  Descriptor output_, errors_, ended_;
  pid_t child_ = -1;
};

Status Run::start(const Program& program) {
  auto out = make_pipe(), err = make_pipe();
  if (!out || !err) return Error::transient("cannot make a pipe: " + words(errno));
  const SpawnPlan plan(program.input, out->write.get(), err->write.get());
  if (const int error = plan.spawn(program, child_); error != 0) {
    child_ = -1;
    return Error::transient(why_not_started(error));
  }
  output_ = std::move(out->read);
  errors_ = std::move(err->read);
  ended_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child_, 0)));
  return ended_.is_open() ? Status() : Status(Error::transient("cannot be watched: " + words(errno)));
}

// False: it printed too much. The end of a pipe means nothing: the process may continue.
bool Run::read_output() {
  char piece[4096];
  while (output_.is_open()) {
    const ssize_t got = ::read(output_.get(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      output_ = Descriptor();
      break;
    }
    output.text.append(piece, static_cast<std::size_t>(got));
    ::explicit_bzero(piece, static_cast<std::size_t>(got));
    if (output.text.size() > limits_.output) return false;
  }
  return true;
}

// Reads one piece, so that a flood of output cannot delay the check of the clock. False: there was none.
bool Run::read_errors() {
  char piece[4096];
  const ssize_t got = errors_.is_open() ? ::read(errors_.get(), piece, sizeof piece) : -1;
  if (got == 0) errors_ = Descriptor();
  if (got <= 0) return false;
  output.errors.append(piece, static_cast<std::size_t>(got));
  if (output.errors.size() > limits_.errors) output.errors.erase(0, output.errors.size() - limits_.errors);
  return true;
}

End Run::watch() {
  const auto deadline = Steady::now() + limits_.time;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) return End::time_is_up;
    pollfd waits[kAll] = {{output_.get(), POLLIN, 0},
                          {errors_.get(), POLLIN, 0},
                          {ended_.get(), POLLIN, 0},
                          {interrupts_.peer, POLLRDHUP, 0},
                          {interrupts_.stop, POLLIN, 0}};
    if (::poll(waits, kAll, static_cast<int>(left)) < 0 && errno != EINTR) return End::stopped;
    if (waits[kOutput].revents != 0 && !read_output()) return End::too_much_output;
    if (waits[kErrors].revents != 0) (void)read_errors();
    if (waits[kStop].revents != 0) return End::stopped;
    if (waits[kPeer].revents != 0) return End::nobody_waits;
    if (waits[kEnded].revents == 0) continue;
    for (int pieces = 0; pieces < kPipeful && read_errors(); ++pieces) {
    }
    return read_output() ? End::by_itself : End::too_much_output;  // its last output
  }
}

bool Run::has_ended(std::chrono::milliseconds patience) const {
  pollfd wait{ended_.get(), POLLIN, 0};
  return ended_.is_open() && ::poll(&wait, 1, static_cast<int>(patience.count())) > 0;
}

// It is not reaped yet, so its number cannot belong to another process. It may have left its group.
void Run::kill_all(int signal) const {
  ::kill(-child_, signal);
  ::kill(child_, signal);
}

int Run::reap() {
  if (!has_ended(std::chrono::milliseconds(0))) {
    kill_all(SIGTERM);
    (void)has_ended(limits_.grace);
  }
  kill_all(SIGKILL);
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  return status;
}

std::string in_words(std::chrono::milliseconds time) {
  return time % std::chrono::seconds(1) == time.zero() ? std::to_string(time / std::chrono::seconds(1)) + " s"
                                                       : std::to_string(time.count()) + " ms";
}

std::string end_in_words(End end, int status, const ProgramLimits& limits) {
  switch (end) {
    case End::time_is_up:
      return "did not end within " + in_words(limits.time);
    case End::too_much_output:
      return "printed more than " + std::to_string(limits.output) + " octets";
    case End::nobody_waits:
      return "was ended: nobody waits for it";
    case End::stopped:
      return "was ended: mxpress-runner stops";
    case End::by_itself:
      break;
  }
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

std::string with_errors(std::string failure, std::string_view errors) {
  const std::string_view last = errors.substr(errors.size() - std::min(errors.size(), kShownErrors));
  const std::string shown = proto::printable(last, kShownErrors);
  return shown.find_first_not_of(' ') == shown.npos ? failure : failure + ": " + shown;
}

}  // namespace

ProgramEnd run_to_end(const Program& program, const ProgramLimits& limits, const Interrupts& interrupts) {
  const std::string shown = proto::printable(program.argv.at(0), 200);
  if (!program.argv[0].starts_with('/')) return {-1, shown + " is no full path of a program", {}};
  Run run(limits, interrupts);
  if (const Status started = run.start(program); !started) return {-1, shown + " " + started.error().message, {}};
  const End end = run.watch();
  const int status = run.reap();
  const int exit = end == End::by_itself && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::string failure = exit == 0 ? "" : with_errors(shown + " " + end_in_words(end, status, limits), run.output.errors);
  return {exit, std::move(failure), std::move(run.output)};
}

Result<CommandOutput> run_program(const Program& program, const ProgramLimits& limits, const Interrupts& interrupts) {
  ProgramEnd end = run_to_end(program, limits, interrupts);
  return end.status == 0 ? Result<CommandOutput>(std::move(end.output)) : Error::transient(std::move(end.failure));
}

}  // namespace mxpress::mta::runner
