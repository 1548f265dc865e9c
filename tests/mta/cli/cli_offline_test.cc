// The mxpress command while no daemon runs: it reads the spool, and acts on it, as the daemon would.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <sstream>
#include <tuple>

#include "mta/cli/commands.h"
#include "mta/cli/spool_backend.h"
#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "mta/delivery/deliverer.h"
#include "tests/queue/spool_fixture.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta;
using cli::ExitCode;
using queue::QueueId;
using queue::RecipientStage;

namespace {

struct Ran {
  ExitCode code;
  std::string out, error;
};

// A spool left by a daemon: three messages, one of them tried already, and one moved into a file of its own.
struct Left {
  test::TempFolder folder;
  queue::SystemDisk disk;
  queue::SpoolOptions options;
  std::vector<QueueId> ids;
  std::map<QueueId, queue::Message> found;

  Left() {
    options.directory = folder.path() / "spool";
    options.segment_size = 64 * 1024;
    options.journal_size = 1;
    options.reserve_bytes = options.reserve_inodes = 0;
    boost::filesystem::ofstream(folder.path() / "mxpress.toml")
        << "[spool]\ndirectory = \"" << options.directory.string() << "\"\n[listen]\ncontrol_socket = \""
        << (folder.path() / "control").string() << "\"\n";
    store({"one@a.example"});
    const auto daemon = open();  // the next start moves the first message out of the journal
    daemon->checkpoint();
    store(*daemon, {"two@b.example"});
    store(*daemon, {"three@c.example", "four@b.example"});
    daemon->settle(queue::settlement(ids[1], 0, RecipientStage::pending, "451 4.2.0 come back later"), nullptr);
    commit(*daemon);
  }

  std::unique_ptr<queue::SteppedSpool> open() {
    auto spool = std::move(queue::SteppedSpool::open(disk, options)).value();
    found.clear();
    REQUIRE(spool->recover([this](const queue::Message& m) { found.emplace(m.id, m); }, [](const queue::SiteRecord&) {}));
    return spool;
  }
  static void commit(queue::SteppedSpool& spool) {
    while (spool.commit_batch()) {
    }
  }
  void store(queue::SteppedSpool& spool, std::vector<std::string> recipients) {
    spool.store(queue::new_message(std::move(recipients)), [this](Result<QueueId> id) { ids.push_back(id.value()); });
    commit(spool);
  }
  void store(std::vector<std::string> recipients) { store(*open(), std::move(recipients)); }

  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"-c", (folder.path() / "mxpress.toml").string()});
    std::ostringstream out, error;
    const ExitCode code = cli::run_mxpress(arguments, {out, error});
    return {code, out.str(), error.str()};
  }
  std::string id(std::size_t which) const { return ids[which].to_string(); }

  // The files: names, contents, and times of their last change.
  using Picture = std::map<std::string, std::tuple<std::string, std::int64_t, std::int64_t>>;
  Picture picture() const {
    Picture all;
    struct stat root{};
    REQUIRE(::lstat(options.directory.c_str(), &root) == 0);
    all[""] = {"", root.st_mtim.tv_sec, root.st_mtim.tv_nsec};
    for (boost::filesystem::recursive_directory_iterator at(options.directory), end; at != end; ++at) {
      struct stat info{};
      REQUIRE(::lstat(at->path().c_str(), &info) == 0);
      std::stringstream bytes;
      if (S_ISREG(info.st_mode)) bytes << boost::filesystem::ifstream(at->path()).rdbuf();
      all[at->path().string()] = {bytes.str(), info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
    }
    return all;
  }
};

}  // namespace

TEST_CASE("mxpress without a daemon: looking at the queue shows what waits and writes nothing") {
  const Left left;
  const auto before = left.picture();
  CHECK(before.size() > 5);
  const Ran queue = left.run({"queue"});
  CHECK(queue.code == ExitCode::ok);
  CHECK_THAT(queue.out, Catch::Contains("a.example") && Catch::Contains("c.example") && Catch::Contains("451 4.2.0 come back later"));
  CHECK_THAT(left.run({"queue", "--domain", "b.example"}).out,
             Catch::Contains(left.id(1)) && Catch::Contains(left.id(2)) && !Catch::Contains(left.id(0)));
  CHECK_THAT(left.run({"show", left.id(1)}).out, Catch::Contains("two@b.example") && Catch::Contains("451 4.2.0 come back later"));
  CHECK_THAT(left.run({"cat", left.id(0)}).out, Catch::Contains("Subject: x\r\n\r\nbody\r\n"));
  CHECK_THAT(left.run({"mailq"}).out, Catch::Contains("in 3 Requests."));
  CHECK(left.run({"status"}).code == ExitCode::cannot_send);
  CHECK_THAT(left.run({"status"}).out, Catch::Contains("NOT RUNNING: nothing is delivered") && !Catch::Contains("wait in"));
  CHECK_THAT(left.run({"remove", "--all", "--dry-run"}).out, Catch::Contains(left.id(0) + " is selected"));
  CHECK(left.run({"show", QueueId{1}.to_string()}).code == ExitCode::nothing_matched);
  CHECK(left.picture() == before);
}

TEST_CASE("mxpress without a daemon: the status counts what sendmail has left for the next start") {
  const Left left;
  boost::filesystem::create_directory(left.options.directory / "drop");
  boost::filesystem::ofstream(left.options.directory / "drop" / "0123") << "x";
  CHECK_THAT(left.run({"status"}).out, Catch::Contains("1 more message(s) of sendmail wait in") && Catch::Contains("/drop until mxpressd"));
}

TEST_CASE("mxpress without a daemon: what is held, released, retried, returned and removed is so at the next start") {
  Left left;
  CHECK(left.run({"hold", "--domain", "b.example"}).out == left.id(1) + " held\n" + left.id(2) + " held\n");
  CHECK_THAT(left.run({"show", left.id(2)}).out, Catch::Contains("(held)"));
  CHECK(left.run({"release", left.id(2)}).out == left.id(2) + " released\n");
  CHECK(left.run({"bounce", left.id(2)}).out == left.id(2) + " will go back to its sender\n");
  CHECK(left.run({"remove", left.id(0)}).out == left.id(0) + " removed\n");
  const auto daemon = left.open();
  REQUIRE(left.found.size() == 2);
  CHECK(left.found.at(left.ids[1]).held);
  const auto& returned = left.found.at(left.ids[2]);
  CHECK_FALSE(returned.held);
  for (const auto& recipient : returned.recipients) CHECK(recipient.stage == RecipientStage::notice_pending);
  CHECK_THAT(left.run({"queue"}).error, Catch::Contains("in use by process"));
}

TEST_CASE("mxpress without a daemon: a retry makes due what would have waited") {
  Left left;
  {
    auto waits = queue::settlement(left.ids[1], 0, RecipientStage::pending, "451 later");
    waits.changes[0].state.next_try = WallTime::max();
    const auto daemon = left.open();
    daemon->settle(waits, nullptr);
    Left::commit(*daemon);
  }
  CHECK(left.run({"retry", "--recipient", "two@b.example"}).out == left.id(1) + " will be tried when mxpressd starts\n");
  const auto daemon = left.open();
  CHECK(left.found.at(left.ids[1]).recipients[0].next_try < WallTime::max());
}

TEST_CASE("mxpress without a daemon: an unknown id among others does not stop the action") {
  Left left;
  const Ran ran = left.run({"remove", left.id(0), QueueId{77}.to_string(), left.id(1)});
  CHECK(ran.code == ExitCode::ok);
  CHECK(ran.out == left.id(0) + " removed\n" + left.id(1) + " removed\n");
  CHECK(left.run({"remove", QueueId{77}.to_string()}).code == ExitCode::nothing_matched);
  const auto daemon = left.open();
  CHECK(left.found.size() == 1);
}

TEST_CASE("mxpress without a daemon: whoever acts has the spool to himself, whoever looks lets others look") {
  Left left;
  const auto config = load_config(left.folder.path() / "mxpress.toml");
  REQUIRE(config);
  {
    auto acting = cli::open_spool_backend(*config, cli::Purpose::act);
    REQUIRE(acting);
    CHECK((*acting)->load(left.ids[0]));
    CHECK_THAT(left.run({"queue"}).error, Catch::Contains("in use by process"));
    const auto effects = (*acting)->act(queue::ActionKind::hold, {left.ids[0], QueueId{77}});
    REQUIRE(effects);
    CHECK(*effects == std::vector<delivery::ActionEffect>{delivery::ActionEffect::done, delivery::ActionEffect::unknown});
    CHECK((*acting)->load(left.ids[0])->held);
    CHECK_FALSE(queue::SteppedSpool::open(left.disk, left.options));
  }
  const auto looking = cli::open_spool_backend(*config, cli::Purpose::look);
  REQUIRE(looking);
  CHECK_FALSE((*looking)->act(queue::ActionKind::remove, {left.ids[0]}));
  CHECK(left.run({"queue"}).code == ExitCode::ok);
  CHECK(left.run({"remove", left.id(0)}).code == ExitCode::unreachable);
}

TEST_CASE("mxpress without a daemon: a daemon that has the spool but does not answer is named, nothing is done") {
  Left left;
  const auto daemon = left.open();
  for (const char* command : {"queue", "remove"}) {
    const Ran ran =
        left.run(command == std::string("queue") ? std::vector<std::string>{command} : std::vector<std::string>{command, "--all"});
    CHECK(ran.code == ExitCode::unreachable);
    CHECK_THAT(ran.error, Catch::Contains("process " + std::to_string(::getpid())) && Catch::Contains("does not answer"));
  }
  CHECK(daemon->ids(false).size() == 3);
}

TEST_CASE("mxpress without a daemon: it says so, but not where programs read") {
  const Left left;
  for (const auto& words : {std::vector<std::string>{"queue"}, {"show", left.id(0)}, {"hold", "--all"}})
    CHECK_THAT(left.run(words).error, Catch::Contains("no daemon runs"));
  for (const auto& words : {std::vector<std::string>{"mailq"}, {"queue", "--json"}}) CHECK(left.run(words).error.empty());
}
