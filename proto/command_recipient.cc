// Recipients that stand for commands.
#include "proto/command_recipient.h"

#include <charconv>

namespace mxpress::proto {
namespace {

constexpr std::string_view kDomain = "alias-command.invalid";
constexpr std::string_view kDiscard = "/discard";

}  // namespace

Mailbox discarding_recipient(const std::string& alias) { return *Mailbox::of_user(alias + std::string(kDiscard), *Domain::parse(kDomain)); }

std::optional<std::string> discarding_alias(const Mailbox& mailbox) {
  if (!is_command_recipient(mailbox.domain())) return std::nullopt;
  std::string text = mailbox.plain_local_part();
  if (!text.ends_with(kDiscard)) return std::nullopt;
  text.resize(text.size() - kDiscard.size());
  return text;
}

Mailbox command_recipient(const AliasCommand& command) {
  return *Mailbox::of_user(command.alias + "/" + std::to_string(command.number), *Domain::parse(kDomain));
}

bool is_command_recipient(const Domain& domain) { return domain.text() == kDomain; }

std::optional<AliasCommand> alias_command(const Mailbox& mailbox) {
  if (!is_command_recipient(mailbox.domain())) return std::nullopt;
  const std::string text = mailbox.plain_local_part();
  const std::size_t slash = text.rfind('/');
  if (slash == text.npos || slash == 0) return std::nullopt;
  AliasCommand command{text.substr(0, slash), 0};
  const char *begin = text.data() + slash + 1, *end = text.data() + text.size();
  const auto [behind, error] = std::from_chars(begin, end, command.number);
  if (error != std::errc() || behind != end || command.number == 0) return std::nullopt;
  return command;
}

}  // namespace mxpress::proto
