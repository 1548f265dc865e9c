// Programs of the host, run to their end: input, output, and how they are ended.
#include "mta/runner/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>
#include <cerrno>

#include "mta/system/descriptor.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::runner::CommandOutput;
using mta::runner::Interrupts;
using mta::runner::Program;
using mta::runner::ProgramLimits;
using mta::runner::run_program;
using mta::system::Descriptor;

Result<CommandOutput> run(std::vector<std::string> argv, const ProgramLimits& limits = {}, const Interrupts& interrupts = {}) {
  return run_program({std::move(argv), {"PATH=/usr/bin:/bin"}}, limits, interrupts);
}

Result<CommandOutput> run_script(const std::string& script, const ProgramLimits& limits = {}, const Interrupts& interrupts = {}) {
  return run({"/bin/sh", "-c", script}, limits, interrupts);
}

std::string text(const Result<CommandOutput>& output) { return output ? output->text : "failed: " + output.error().message; }
std::string failure(const Result<CommandOutput>& output) { return output ? "printed " + output->text : output.error().message; }

bool has_no_child() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

// A FIFO that processes hold open for writing.
class Held {
 public:
  Held() {
    REQUIRE(::mkfifo(path().c_str(), 0600) == 0);
    end_ = Descriptor(::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  std::string path() const { return (folder_.path() / "fifo").string(); }
  // True if it was opened, and all processes that had it open have ended.
  bool is_let_go() const {
    pollfd wait{end_.get(), POLLIN, 0};
    return ::poll(&wait, 1, 60'000) == 1 && (wait.revents & POLLHUP) != 0;
  }

 private:
  test::TempFolder folder_;
  Descriptor end_;
};

}  // namespace

TEST_CASE("program: it gets its arguments as they are, its environment, no input, and no descriptor, signal or folder of ours") {
  CHECK(text(run({"/bin/echo", "$HOME", "a b", "*", ";id"})) == "$HOME a b * ;id\n");
  CHECK(text(run_program({{"/usr/bin/env"}, {"A=1", "B=two words"}}, {}, {})) == "A=1\nB=two words\n");
  CHECK(text(run({"/bin/cat"})) == "");
  const Descriptor input(::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  CHECK_THAT(text(run_program({{"/bin/cat"}, {}, input.get()}, {}, {})), Catch::Contains("unit_tests"));
  CHECK(text(run({"/bin/pwd"})) == "/\n");
  const Descriptor ours(::open("/dev/null", O_RDONLY));  // not closed on exec
  CHECK(text(run_script("ls /proc/$$/fd")) == "0\n1\n2\n");
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const auto status = text(run({"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}));
  ::signal(SIGPIPE, old);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK_THAT(status, Catch::Matches("SigBlk:\t0{16}\nSigIgn:\t0000000[01][08]0000000\n"));  // 32 and 33 are glibc's own
  CHECK(has_no_child());
}

TEST_CASE("program: its output is whole, whatever octets it has, and so is the end of its standard error") {
  const auto octets = run_script("printf 'a\\000b\\n\\377'; echo problem >&2");
  CHECK(text(octets) == std::string("a\0b\n\377", 5));
  CHECK(octets->errors == "problem\n");
  CHECK(text(run({"/usr/bin/head", "-c", "65536", "/dev/zero"})) == std::string(65536, '\0'));
  const auto flood = run_script("head -c 3000000 /dev/zero | tr '\\000' e >&2; echo last words >&2");
  REQUIRE(flood);
  CHECK(flood->errors.size() == ProgramLimits().errors);
  CHECK_THAT(flood->errors, Catch::EndsWith("elast words\n"));
}

TEST_CASE("program: what cannot be run, or ends badly, is a failure that says why") {
  const test::TempFolder folder;
  const auto make = [&](const char* name, mode_t mode, const std::string& content) {
    const auto path = folder.path() / name;
    boost::filesystem::ofstream(path) << content;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path.string();
  };
  CHECK_THAT(failure(run({"/nowhere/pass", "show"})), Catch::StartsWith("/nowhere/pass is not there"));
  CHECK_THAT(failure(run({"pass"})), Catch::Equals("pass is no full path of a program"));
  CHECK_THAT(failure(run({folder.path().string()})), Catch::Contains("must not be run by mxpress-runner"));
  CHECK_THAT(failure(run({make("plain", 0644, "#!/bin/sh\necho x\n")})), Catch::Contains("must not be run by mxpress-runner"));
  CHECK_THAT(failure(run({make("text", 0755, "echo x\n")})), Catch::Contains("a script needs a first line such as #!/bin/sh"));
  CHECK_THAT(failure(run({make("stray", 0755, "#!/nowhere/sh\n")})), Catch::Contains("the interpreter that its first line names"));
  CHECK(failure(run({"/bin/false"})) == "/bin/false ended with status 1");
  CHECK(failure(run_script("echo half; printf 'no key\\n\\033[2Jfor mail\\n' >&2; exit 3")) ==
        "/bin/sh ended with status 3: no key [2Jfor mail ");
  CHECK_THAT(failure(run_script("kill -SEGV $$")), Catch::StartsWith("/bin/sh was ended by signal 11 (Segmentation fault"));
  CHECK(has_no_child());
}

TEST_CASE("program: one that prints without end is ended") {
  CHECK(failure(run({"/bin/cat", "/dev/zero"})) == "/bin/cat printed more than 65536 octets");
  CHECK(failure(run({"/usr/bin/head", "-c", "65537", "/dev/zero"})) == "/usr/bin/head printed more than 65536 octets");
  CHECK(has_no_child());
}

TEST_CASE("program: one that hangs is asked to end, and one that does not is killed, with all of its group") {
  ProgramLimits limits;
  limits.time = 200ms;
  const Held by_term;
  CHECK(failure(run_script("exec 3>" + by_term.path() + "; echo waits >&2; sleep 1000", limits)) ==
        "/bin/sh did not end within 200 ms: waits ");
  CHECK(by_term.is_let_go());
  limits.grace = 100ms;
  const Held by_kill;
  CHECK(failure(run_script("exec 3>" + by_kill.path() + "; trap '' TERM; sh -c 'while :; do sleep 1000; done'", limits)) ==
        "/bin/sh did not end within 200 ms");
  CHECK(by_kill.is_let_go());
  limits.time = 300ms;
  CHECK_THAT(failure(run_script("while :; do echo x >&2; done", limits)), Catch::Contains("did not end within 300 ms"));
  CHECK_THAT(failure(run_script("exec >&- 2>&-; sleep 1000", limits)), Catch::Contains("did not end within 300 ms"));
  CHECK(has_no_child());
}

TEST_CASE("program: children that keep its output open keep nobody waiting, and are killed") {
  const Held held;
  ProgramLimits limits;
  limits.time = 60s;
  CHECK(text(run_script("(exec 3>" + held.path() + "; trap '' TERM; sleep 1000) & exec 4>" + held.path() + "; echo secret", limits)) ==
        "secret\n");
  CHECK(held.is_let_go());
}

TEST_CASE("program: it is ended when nobody waits for it, and when this process is to end") {
  ProgramLimits limits;
  limits.time = 60s;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  Descriptor ours(ends[0]), theirs(ends[1]);
  const Descriptor stop(::eventfd(0, EFD_CLOEXEC));
  const Interrupts interrupts{ours.get(), stop.get()};
  CHECK(text(run({"/bin/echo", "here"}, limits, interrupts)) == "here\n");
  theirs = Descriptor();
  CHECK(failure(run({"/bin/sleep", "1000"}, limits, interrupts)) == "/bin/sleep was ended: nobody waits for it");
  const std::uint64_t one = 1;
  REQUIRE(::write(stop.get(), &one, sizeof one) == sizeof one);
  CHECK(failure(run({"/bin/sleep", "1000"}, limits, interrupts)) == "/bin/sleep was ended: mxpress-runner stops");
  CHECK(has_no_child());
}

}  // namespace mxpress::testing
