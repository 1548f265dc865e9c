// The daemon's side of the socket of mxpress-deliver.
#include "mta/transport/deliver_client.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
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

Reply no_reply(std::string why) { return {Reply::Kind::deferred, std::move(why), -1, false}; }

Error no_answer(const Helper& helper, const boost::filesystem::path& socket, const std::string& why) {
  return Error::transient(helper.program + " does not answer at " + socket.string() + " (" + why + "): systemctl status " + helper.unit);
}

// Never waits: a listener with a full backlog gives EAGAIN.
Result<Descriptor> connect_to(const boost::filesystem::path& path, const Helper& helper) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return Error::transient(path.string() + " is too long for a socket's name");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.is_open() && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  return no_answer(helper, path, std::strerror(errno));
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

// False: timed out, or the connection cannot be waited for.
Task<bool> wait_for_packet(Waiting& socket, std::chrono::seconds patience) {
  Timer timer(socket.get_executor(), patience);
  const auto is_over = std::make_shared<bool>(false);  // shared with the timer's handler, which may already be queued
  timer.async_wait([&socket, is_over](boost::system::error_code error) {
    if (!error && !*is_over) socket.cancel();
  });
  boost::system::error_code error;
  co_await socket.async_wait(Waiting::wait_read, asio::redirect_error(use_task, error));
  *is_over = true;
  co_return !error;
}

// A descriptor for reading only.
Result<PassedContent> reader_of(int file, std::uint64_t offset, std::uint64_t size) {
  Descriptor reader(::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader.is_open()) return Error::transient(std::string("cannot open the message for reading: ") + std::strerror(errno));
  return PassedContent{std::move(reader), static_cast<std::int64_t>(offset), static_cast<std::int64_t>(size)};
}

// Calls `change` for each piece before it is written. Returns the number of octets written.
template <class Change>
Result<std::uint64_t> write_to(const Descriptor& file, const std::string& front, const queue::Content& content, Change change) {
  const auto failed = [] { return Error::transient(std::string("cannot copy the message for another program: ") + std::strerror(errno)); };
  if (!file.is_open() || !system::write_all(file.get(), front)) return failed();
  std::uint64_t size = front.size();
  std::vector<char> buffer(kBlock);
  for (std::uint64_t offset = 0; offset < content.size();) {
    const auto got = content.read(offset, buffer.data(), buffer.size());
    if (!got) return got.error();
    if (*got == 0) return Error::transient("the content of the message ended early");
    offset += *got;
    const auto piece = change(std::string_view(buffer.data(), *got));
    if (!system::write_all(file.get(), piece)) return failed();
    size += piece.size();
  }
  return size;
}

// Seals the file, so that nobody can change it.
template <class Change>
Result<PassedContent> in_memory(const std::string& front, const queue::Content& content, Change change) {
  const Descriptor memory(::memfd_create("mxpress-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const auto size = write_to(memory, front, content, change);
  if (!size) return size.error();
  if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) return Error::transient(std::string("cannot seal memory: ") + std::strerror(errno));
  return reader_of(memory.get(), 0, *size);
}

std::string without_cr(std::string_view piece) {
  std::string text(piece);
  std::erase(text, '\r');
  return text;
}

Status has_free(int file, std::uint64_t wanted) {
  struct statvfs disk{};
  if (::fstatvfs(file, &disk) != 0) return Error::transient(std::string("cannot ask the disk for its room: ") + std::strerror(errno));
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free >= wanted) return {};
  return Error::transient("no room for a copy of the message for a command: " + std::to_string(free >> 20) + " MiB free");
}

// The copy has its octets before the disk is asked again: of two that come together neither overlooks the other. Where they cannot be had
// beforehand (errors are ignored) the first look has to do.
Status claim(int file, std::uint64_t octets, std::uint64_t reserve) {
  if (Status room = has_free(file, octets + reserve); !room) return room;
  (void)::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(octets));
  return has_free(file, reserve);
}

}  // namespace

Result<PassedContent> pass_content(const queue::Content& content) {
  const auto place = content.size() > queue::kInlineContent ? content.in_file() : std::nullopt;
  if (place) return reader_of(place->descriptor, place->offset, content.size());
  return in_memory("", content, [](std::string_view piece) { return piece; });
}

Result<Descriptor> text_for_command(const std::string& front, const queue::Content& content, const boost::filesystem::path& folder,
                                    std::uint64_t reserve) {
  Result<PassedContent> text = PassedContent();
  if (content.size() <= kMostForCommand) {
    text = in_memory(front, content, without_cr);
  } else {
    const Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (const Status room = file.is_open() ? claim(file.get(), front.size() + content.size(), reserve) : Status(); !room)
      return room.error();
    const auto size = write_to(file, front, content, without_cr);
    if (!size) return size.error();
    text = reader_of(file.get(), 0, *size);
  }
  if (!text) return text.error();
  return std::move(text->file);
}

Task<Result<std::string>> ask_helper(boost::filesystem::path path, std::string packet, const Descriptor& content, Helper helper) {
  auto connected = connect_to(path, helper);
  if (!connected) co_return connected.error();
  const Executor executor = co_await asio::this_coro::executor;
  Waiting socket(executor, connected->release());
  const int number = socket.native_handle();
  if (!send_with(number, packet, content.get())) co_return no_answer(helper, path, std::strerror(errno));
  if (!co_await wait_for_packet(socket, helper.patience))
    co_return no_answer(helper, path, "no reply within " + std::to_string(helper.patience.count()) + " s");
  std::string text(helper.most, '\0');
  ssize_t got = ::recv(number, text.data(), text.size(), MSG_DONTWAIT);
  // A reply sent because the child died before it read the request comes after this error.
  if (got < 0 && errno == ECONNRESET) got = ::recv(number, text.data(), text.size(), MSG_DONTWAIT);
  if (got <= 0) co_return no_answer(helper, path, "it closed the connection");
  text.resize(static_cast<std::size_t>(got));
  co_return text;
}

Task<Reply> ask_deliver(boost::filesystem::path path, mailstore::Request request, const PassedContent& content) {
  request.offset = content.offset;
  request.size = content.size;
  const Helper helper{"mxpress-deliver", "mxpress-deliver.socket", kPatience, mailstore::kMaxReply};
  const auto packet = co_await ask_helper(std::move(path), mailstore::format_request(request), content.file, helper);
  if (!packet) co_return no_reply(packet.error().message);
  auto reply = mailstore::parse_reply(*packet);
  co_return reply ? std::move(*reply) : no_reply("the answer of mxpress-deliver makes no sense: is it of another version?");
}

}  // namespace mxpress::mta::transport
