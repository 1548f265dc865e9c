// Finds and runs commands of aliases.
#include "mta/runner/alias_service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "mta/runner/program.h"
#include "mta/system/descriptor.h"
#include "mta/system/file_octets.h"
#include "mta/system/log.h"
#include "proto/alias_file.h"
#include "proto/command_words.h"
#include "proto/printable.h"
#include "proto/sysexits.h"

namespace mxpress::mta::runner {
namespace {

using system::Descriptor;

constexpr std::uint64_t kMostOfFile = 8u << 20;  // octets
constexpr timeval kPatience{5, 0};               // for the request
constexpr std::size_t kMostOfLine = 300;         // octets of what a command has printed
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

AliasReply deferred(std::string why) { return {AliasReply::Kind::deferred, 0, std::move(why)}; }

void send(int socket, const AliasReply& reply) {
  const std::string packet = format_alias_reply(reply);
  (void)!::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

Result<std::string> read_aliases(const std::string& path) {
  const auto failed = [&path](const std::string& why) { return Error::transient(path + ": " + why); };
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found{};
  if (!file.is_open() || ::fstat(file.get(), &found) != 0) return failed(std::strerror(errno));
  if (!S_ISREG(found.st_mode)) return failed("is no ordinary file");
  if (found.st_uid != 0) return failed("does not belong to root: its commands are not run");
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) return failed("may be written by others (chmod go-w): its commands are not run");
  if (static_cast<std::uint64_t>(found.st_size) > kMostOfFile) return failed("is too large");
  auto text = system::read_at_most(file.get(), static_cast<std::uint64_t>(found.st_size));
  return text ? Result<std::string>(std::move(*text)) : failed(std::strerror(errno));
}

struct Packet {
  std::string text;
  Descriptor message;
};

// The one descriptor beside the request; more than that are closed, and none is taken.
Descriptor only_descriptor(msghdr& message) {
  Descriptor only;
  int count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int), ++count) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + at, sizeof number);
      only = Descriptor(number);
    }
  }
  return count == 1 ? std::move(only) : Descriptor();
}

std::optional<Packet> receive(int socket) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  std::array<char, kMaxAliasRequest> text;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
  iovec place{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return std::nullopt;
  Packet packet{std::string(text.data(), static_cast<std::size_t>(got)), only_descriptor(message)};
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return std::nullopt;
  return packet;
}

// An ordinary file, or memory that nobody can change any more, read from its beginning.
bool is_message(int file) {
  struct stat found{};
  const int flags = ::fcntl(file, F_GETFL), seals = ::fcntl(file, F_GET_SEALS);
  if (flags < 0 || (flags & (O_ACCMODE | O_PATH)) != O_RDONLY || ::fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) return false;
  const bool is_as_it_stays = seals < 0 || seals == F_SEAL_SEAL || (seals & kSeals) == kSeals;
  return is_as_it_stays && ::lseek(file, 0, SEEK_SET) == 0;
}

std::string first_line(const std::string& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  return proto::printable(std::string_view(text).substr(begin, std::min(text.find('\n', begin), text.size()) - begin), kMostOfLine);
}

AliasReply reply_to(const ProgramEnd& end, const std::string& alias) {
  if (end.status == 0) return {AliasReply::Kind::delivered, 0, ""};
  const std::string words = "the command of the alias " + alias + ": " + proto::printable(end.failure, 400);
  if (end.status < 0 || end.status == static_cast<int>(proto::ExitCode::try_later)) return deferred(words);
  const std::string line = first_line(end.output.text);
  return {AliasReply::Kind::failed, end.status, line.empty() ? words : words + ": " + line};
}

}  // namespace

void AliasService::refuse(int socket, const std::string& why) const { send(socket, deferred(why)); }

void AliasService::answer(int socket, int stop) const {
  const auto packet = receive(socket);
  const auto request = packet ? parse_alias_request(packet->text) : std::nullopt;
  if (!request) return send(socket, deferred("mxpress-runner does not understand the request: is it of another version than mxpressd?"));
  if (!is_message(packet->message.get())) return send(socket, deferred("mxpress-runner got no message that it may read"));
  send(socket, run(*request, packet->message.get(), socket, stop));
}

Result<std::vector<std::string>> AliasService::words_of(const proto::AliasCommand& command) const {
  const auto text = read_aliases(rules_.alias_file.string());
  if (!text) return text.error();
  const auto table = proto::parse_alias_file(*text);
  const auto alias = table.names.find(command.alias);
  const std::string place = rules_.alias_file.string() + ": " + proto::printable(command.alias, 64);
  if (alias == table.names.end()) return Error::transient(place + " is no alias any more");
  std::uint32_t number = 0;
  for (const proto::AliasTarget& target : alias->second) {
    if (target.kind != proto::AliasTarget::Kind::command || ++number != command.number) continue;
    auto words = proto::command_words(target.text);
    return words ? words : Error::transient(place + ": " + words.error().message);
  }
  return Error::transient(place + " has no command " + std::to_string(command.number) + " any more");
}

AliasReply AliasService::run(const AliasRequest& request, int message, int socket, int stop) const {
  auto words = words_of(request.command);
  if (!words) return deferred(words.error().message);
  Program program{std::move(*words), {}, message};
  program.environment = {"PATH=/usr/local/bin:/usr/bin:/bin",
                         "LANG=C.UTF-8",
                         "HOME=" + rules_.home,
                         "USER=" + rules_.user,
                         "LOGNAME=" + rules_.user,
                         "SENDER=" + request.sender,
                         "RECIPIENT=" + request.recipient,
                         "LOCAL=" + request.command.alias};
  ProgramLimits limits;
  limits.time = rules_.timeout;
  const ProgramEnd end = run_to_end(program, limits, {socket, stop});
  LogLine line(end.status == 0 ? Priority::info : Priority::warning, "command");
  line.add("for", "mail to the alias " + proto::printable(request.command.alias, 64)).add("program", program.argv[0]);
  if (end.status != 0) line.add("reason", end.failure);
  log(line);
  return reply_to(end, proto::printable(request.command.alias, 64));
}

}  // namespace mxpress::mta::runner
