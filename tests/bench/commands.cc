// bench-load commands: runs a program once for each message, several at a time.
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <unordered_map>

#include "tests/bench/letter.h"
#include "tests/bench/load.h"

namespace mxpress::bench {

namespace {

class Commands {
 public:
  explicit Commands(const Options& options)
      : messages_(options.number("messages")),
        parallel_(options.number("parallel")),
        first_(options.number("first")),
        letters_(options.number("size"), options.text("domains"), "\n"),
        command_(options.rest()) {}

  void run() {
    const auto start = now();
    for (std::size_t begun = 0, ended = 0; ended < messages_; ++ended) {
      while (begun < messages_ && begun < ended + parallel_) begin(first_ + begun++);
      reap();
    }
    std::printf(R"({"start":%lld,"end":%lld,"accepted":%zu,"refused":%zu,"broken":0,"accept_ms":%s})"
                "\n",
                static_cast<long long>(start), static_cast<long long>(now()), times_.size(), refused_, describe(times_).c_str());
  }

 private:
  void begin(std::size_t number) {
    const auto begun = now();
    const int content = content_file(letters_.content(number, begun));
    auto recipient = letters_.recipient(number, 0);
    std::vector<char*> arguments;
    for (auto& argument : command_) arguments.push_back(argument.data());
    arguments.push_back(recipient.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, content, 0);
    pid_t process = 0;
    if (::posix_spawn(&process, command_[0].c_str(), &actions, nullptr, arguments.data(), environ) != 0) fail(command_[0]);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(content);
    running_[process] = begun;
  }

  // In memory, so that the writer never waits for the program.
  int content_file(const std::string& text) {
    const int descriptor = ::memfd_create("message", MFD_CLOEXEC);
    if (descriptor < 0 || ::write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail("memfd");
    ::lseek(descriptor, 0, SEEK_SET);
    return descriptor;
  }

  void reap() {
    int status = 0;
    const auto process = ::waitpid(-1, &status, 0);
    if (process < 0) fail("waitpid");
    const auto found = running_.find(process);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      times_.push_back(now() - found->second);
    } else {
      ++refused_;
    }
    running_.erase(found);
  }

  std::size_t messages_, parallel_, first_, refused_ = 0;
  Letters letters_;
  std::vector<std::string> command_;
  std::unordered_map<pid_t, Nanoseconds> running_;
  std::vector<Nanoseconds> times_;
};

}  // namespace

int run_commands(const Options& options) {
  Commands(options).run();
  return 0;
}

}  // namespace mxpress::bench
