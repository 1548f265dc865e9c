// Tests of the client of mxpress-deliver.
#include "mta/transport/deliver_client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <optional>
#include <thread>

#include "queue/fresh.h"
#include "queue/message_file.h"
#include "tests/support/fake_control.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta::transport;
using mta::mailstore::Reply;
using mta::mailstore::Request;
using mta::system::Descriptor;

namespace {

// Takes one connection on a thread of its own, and answers with those octets; none: hangs up.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    listener_ = Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 1) == 0);
    thread_ = std::thread([this] { take_one(); });
  }
  ~OneAnswer() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  test::TempFolder folder;
  const boost::filesystem::path path = folder.path() / "deliver.sock";
  std::optional<Request> request;  // after join()
  std::string content;
  bool can_write = true, is_sealed = false;

 private:
  void take_one() {
    const Descriptor socket(::accept(listener_.get(), nullptr, nullptr));
    std::array<char, 4096> text;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec place{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket.get(), &message, 0);
    if (got > 0) request = mta::mailstore::parse_request({text.data(), static_cast<std::size_t>(got)});
    if (const cmsghdr* rights = CMSG_FIRSTHDR(&message)) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(rights), sizeof file);
      look_at(Descriptor(file));
    }
    if (!answer_.empty()) (void)!::send(socket.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
  }
  void look_at(const Descriptor& file) {
    std::array<char, 4096> octets;
    const ssize_t size = ::pread(file.get(), octets.data(), octets.size(), 0);
    if (size > 0) content.assign(octets.data(), static_cast<std::size_t>(size));
    can_write = (::fcntl(file.get(), F_GETFL) & O_ACCMODE) != O_RDONLY;
    const int seals = ::fcntl(file.get(), F_GET_SEALS);
    is_sealed = seals >= 0 && (seals & F_SEAL_WRITE) != 0 && (seals & F_SEAL_SHRINK) != 0 && (seals & F_SEAL_GROW) != 0;
  }

  const std::string answer_;
  Descriptor listener_;
  std::thread thread_;
};

Request some_request() {
  return {mta::mailstore::Format::mbox, mta::mailstore::Forwarding::nothing, "bob", "a@b.example", "bob@here.example", "1", 5};
}

Reply ask(const boost::filesystem::path& path, const std::string& content = "Subject: x\r\n\r\n") {
  auto passed = pass_content(testing::TextContent(content));
  REQUIRE(passed.ok());
  asio::io_context io;
  Reply reply;
  asio::co_spawn(io, ask_deliver(path, some_request(), *passed), [&](std::exception_ptr, Reply got) { reply = std::move(got); });
  io.run();
  return reply;
}

}  // namespace

TEST_CASE("deliver client: the request and sealed content arrive, and the reply comes back") {
  OneAnswer helper(mta::mailstore::format_reply({Reply::Kind::delivered, ""}));
  CHECK(ask(helper.path, "Subject: y\r\n\r\nbody\r\n").kind == Reply::Kind::delivered);
  helper.join();
  Request wanted = some_request();
  wanted.size = 20;
  CHECK(helper.request == wanted);
  CHECK(helper.content == "Subject: y\r\n\r\nbody\r\n");
  CHECK_FALSE(helper.can_write);
  CHECK(helper.is_sealed);
}

TEST_CASE("deliver client: large content is passed as the file of its message, and takes no memory") {
  const test::TempFolder folder;
  queue::SystemDisk disk;
  const queue::Paths paths{folder.path()};
  REQUIRE(disk.make_folder(paths.incoming()).ok());
  proto::Envelope envelope;
  envelope.recipients.push_back({proto::Mailbox::parse("bob@here.example").value(), {}, {}});
  for (const std::size_t size : {queue::kInlineContent, queue::kInlineContent + 1}) {
    const std::string text(size, 'x');
    auto writer = queue::MessageFileWriter::create(disk, paths, std::to_string(size), 5);
    REQUIRE((*writer)->append(text).ok());
    const proto::QueueId id{size};
    REQUIRE((*writer)->finish(id, queue::encode(queue::Accepted{envelope, "", {}, Duration(1)}), {}).ok());
    REQUIRE((*writer)->publish(folder.path() / "message").ok());
    const auto file = queue::read_message_file(disk, folder.path() / "message", id);
    REQUIRE(file.ok());
    const auto passed = pass_content(*queue::file_content(file->file, file->accepted));
    REQUIRE(passed.ok());
    struct stat spooled{}, given{};
    REQUIRE((::stat((folder.path() / "message").c_str(), &spooled) == 0 && ::fstat(passed->file.get(), &given) == 0));
    const bool is_the_file = spooled.st_ino == given.st_ino && spooled.st_dev == given.st_dev;
    CHECK(is_the_file == (size > queue::kInlineContent));
    CHECK((::fcntl(passed->file.get(), F_GETFL) & O_ACCMODE) == O_RDONLY);
    std::string octets(size, '?');
    REQUIRE(::pread(passed->file.get(), octets.data(), size, passed->offset) == static_cast<ssize_t>(size));
    CHECK(octets == text);
    CHECK(passed->size == static_cast<std::int64_t>(size));
  }
}

TEST_CASE("deliver client: a copy for a command leaves the room on the disk that the spool needs") {
  const test::TempFolder folder;
  const auto content = std::make_shared<const queue::MemoryContent>(std::string(kMostForCommand, 'x') + "\r\n");
  const auto copy = text_for_command("From me\n", *content, folder.path(), 0);
  REQUIRE(copy.ok());
  struct stat made{};
  REQUIRE(::fstat(copy->get(), &made) == 0);
  CHECK(made.st_size == static_cast<off_t>(8 + kMostForCommand + 1));
  const auto refused = text_for_command("From me\n", *content, folder.path(), std::uint64_t{1} << 60);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().is_transient());
  CHECK_THAT(refused.error().message, Catch::StartsWith("no room for a copy of the message for a command: "));
}

TEST_CASE("deliver client: a reason is told as it is") {
  for (const Reply& reply : {Reply{Reply::Kind::deferred, "the disk is full"}, Reply{Reply::Kind::no_such_user, "no bob"}}) {
    OneAnswer helper(mta::mailstore::format_reply(reply));
    CHECK(ask(helper.path) == reply);
  }
}

TEST_CASE("deliver client: whatever else happens defers, and says what to look at") {
  const test::TempFolder folder;
  const Reply missing = ask(folder.path() / "none");
  CHECK(missing.kind == Reply::Kind::deferred);
  CHECK_THAT(missing.text, Catch::Contains("(No such file or directory): systemctl status mxpress-deliver.socket"));
  OneAnswer hangs_up("");
  CHECK_THAT(ask(hangs_up.path).text, Catch::Contains("it closed the connection"));
  OneAnswer babbles("hello");
  CHECK(ask(babbles.path).kind == Reply::Kind::deferred);
}
