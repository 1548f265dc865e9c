// The daemon's side of the socket of mxpress-deliver.
#include "mta/transport/deliver_client.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "mta/system/file_octets.h"
#include "queue/changes.h"
#include "queue/message.h"

namespace mxpress::mta::transport {
namespace {

using mailstore::Reply;
using system::Descriptor;
using Waiting = asio::posix::basic_stream_descriptor<Executor>;

// A delivery takes 60 seconds at most, and may wait for others before.
constexpr std::chrono::seconds kPatience{150};
constexpr std::size_t kBlock = 64u << 10;
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

Reply deferred(std::string why) { return {Reply::Kind::deferred, std::move(why)}; }

std::string no_answer(const boost::filesystem::path& socket, const std::string& why) {
  return "mxpress-deliver does not answer at " + socket.string() + " (" + why + "): systemctl status mxpress-deliver.socket";
}

// Never waits: a listener whose line is full says EAGAIN.
Result<Descriptor> connect_to(const boost::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return Error::transient(path.string() + " is too long for a socket's name");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.is_open() && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  return Error::transient(no_answer(path, std::strerror(errno)));
}

bool send_with(int socket, const std::string& packet, int content) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec place{const_cast<char*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof content);
  std::memcpy(CMSG_DATA(rights), &content, sizeof content);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size());
}

// False: the time is up, or the connection cannot be waited for.
Task<bool> wait_for_packet(Waiting& socket) {
  Timer timer(socket.get_executor(), kPatience);
  const auto is_over = std::make_shared<bool>(false);  // shared with the timer's handler, which may be on its way already
  timer.async_wait([&socket, is_over](boost::system::error_code error) {
    if (!error && !*is_over) socket.cancel();
  });
  boost::system::error_code error;
  co_await socket.async_wait(Waiting::wait_read, asio::redirect_error(use_task, error));
  *is_over = true;
  co_return !error;
}

// The descriptor that a reader gets cannot write.
Result<PassedContent> reader_of(int file, std::uint64_t offset, std::uint64_t size) {
  Descriptor reader(::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader.is_open()) return Error::transient(std::string("cannot open the message for reading: ") + std::strerror(errno));
  return PassedContent{std::move(reader), static_cast<std::int64_t>(offset), static_cast<std::int64_t>(size)};
}

// Nobody can write to it any more.
Result<PassedContent> in_memory(const queue::Content& content) {
  const Descriptor memory(::memfd_create("mxpress-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.is_open()) return Error::transient(std::string("cannot hold the message in memory: ") + std::strerror(errno));
  std::vector<char> buffer(kBlock);
  for (std::uint64_t offset = 0; offset < content.size();) {
    const auto got = content.read(offset, buffer.data(), buffer.size());
    if (!got) return got.error();
    if (*got == 0) return Error::transient("the content of the message ended early");
    offset += *got;
    if (!system::write_all(memory.get(), {buffer.data(), *got}))
      return Error::transient(std::string("cannot hold the message in memory: ") + std::strerror(errno));
  }
  if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) return Error::transient(std::string("cannot seal memory: ") + std::strerror(errno));
  return reader_of(memory.get(), 0, content.size());
}

}  // namespace

Result<PassedContent> pass_content(const queue::Content& content) {
  const auto place = content.size() > queue::kInlineContent ? content.in_file() : std::nullopt;
  return place ? reader_of(place->descriptor, place->offset, content.size()) : in_memory(content);
}

Task<Reply> ask_deliver(boost::filesystem::path path, mailstore::Request request, const PassedContent& content) {
  request.offset = content.offset;
  request.size = content.size;
  auto connected = connect_to(path);
  if (!connected) co_return deferred(connected.error().message);
  const Executor executor = co_await asio::this_coro::executor;
  Waiting socket(executor, connected->release());
  const int number = socket.native_handle();
  if (!send_with(number, mailstore::format_request(request), content.file.get())) co_return deferred(no_answer(path, std::strerror(errno)));
  if (!co_await wait_for_packet(socket)) co_return deferred(no_answer(path, "no reply within 150 s"));
  std::string text(mailstore::kMaxReply, '\0');
  ssize_t got = ::recv(number, text.data(), text.size(), MSG_DONTWAIT);
  // A reply in place of a child that died before it had read the request stands behind this error.
  if (got < 0 && errno == ECONNRESET) got = ::recv(number, text.data(), text.size(), MSG_DONTWAIT);
  if (got <= 0) co_return deferred(no_answer(path, "it closed the connection"));
  auto reply = mailstore::parse_reply({text.data(), static_cast<std::size_t>(got)});
  co_return reply ? std::move(*reply) : deferred("the answer of mxpress-deliver makes no sense: is it of another version?");
}

}  // namespace mxpress::mta::transport
