// Finds and runs commands of aliases.
#include "mta/runner/alias_service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "mta/runner/program.h"
#include "mta/system/descriptor.h"
#include "mta/system/file_octets.h"
#include "mta/system/log.h"
#include "mta/system/received_packet.h"
#include "proto/alias_file.h"
#include "proto/command_words.h"
#include "proto/printable.h"
#include "proto/sysexits.h"

namespace mxpress::mta::runner {
namespace {

using system::Descriptor;

constexpr std::uint64_t kMostOfFile = 8u << 20;  // octets
constexpr std::size_t kMostOfLine = 300;         // octets of a command's output

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
  const auto packet = system::receive_packet(socket, kMaxAliasRequest);
  const auto request = packet ? parse_alias_request(packet->text) : std::nullopt;
  if (!request) return send(socket, deferred("mxpress-runner does not understand the request: is it of another version than mxpressd?"));
  if (!system::is_readable_content(packet->file.get())) return send(socket, deferred("mxpress-runner got no message that it may read"));
  send(socket, run(*request, packet->file.get(), socket, stop));
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
