// Aliases of local recipients.
#include "mta/routing/aliases.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "mta/config/config.h"
#include "mta/routing/alias_book.h"
#include "proto/ascii.h"
#include "proto/command_recipient.h"
#include "proto/command_words.h"
#include "proto/printable.h"
#include "proto/spelling.h"
#include "proto/text_hash.h"
#include "proto/xtext.h"

namespace mxpress::mta::routing {
namespace {

using Kind = proto::AliasTarget::Kind;

constexpr std::size_t kMostNested = 50;
constexpr std::size_t kMostReasons = 10;
constexpr std::size_t kMostOffered = 20'000;          // aliases compared with a name
constexpr std::string_view kMailAddress = "rfc822;";  // RFC 3461 4.2: the type of address

std::string without_tag(const std::string& name) { return name.substr(0, name.find('+')); }

std::string shown(std::string_view text) { return proto::printable(text, 100); }

// The targets of a name, with their origin.
struct Alias {
  std::string name;  // as found, in lower case
  const proto::AliasTargets* targets = nullptr;
  const boost::filesystem::path* file = nullptr;  // null: the configuration
};

class Walk {
 public:
  Walk(const Config& config, const proto::Domain& domain, std::size_t most)
      : config_(config), files_(config.alias_book ? config.alias_book->files() : nullptr), domain_(domain), most_(most) {}

  AliasExpansion run(const proto::Mailbox& given);

 private:
  // Targets in progress.
  struct Frame {
    std::string name;   // of the alias; for an include, of the alias that contains it
    std::string place;  // origin of its targets, for people
    const proto::AliasTargets* targets;
    std::size_t next = 0;
  };

  Alias find(const std::string& name);
  Alias alias_of(const std::string& name);
  Alias configured(const std::string& name, const std::vector<std::string>& texts);
  void take(const proto::AliasTarget& target, const Frame& frame);
  void take_command(const proto::AliasTarget& target, const Frame& frame);
  void take_name(std::string_view text, bool is_final, const Frame& frame);
  void go_to(const proto::Mailbox& mailbox);
  void enter(Alias alias, const proto::Mailbox& mailbox);
  void include(const std::string& path, const Frame& frame, const std::string& place);
  void add(const proto::Mailbox& mailbox);
  void refuse(std::string reason);
  bool is_open(const std::string& name) const;
  static std::string place_of(const proto::AliasTarget& target, const Frame& frame);

  const Config& config_;
  const std::shared_ptr<const AliasFiles> files_;  // null: none
  const proto::Domain domain_;
  const std::size_t most_;
  AliasExpansion found_;
  std::vector<Frame> open_;
  std::deque<proto::AliasTargets> configured_;                         // of [local] aliases
  std::unordered_set<std::string, proto::TextHash> seen_, mailboxes_;  // aliases and includes; results
};

Alias Walk::configured(const std::string& name, const std::vector<std::string>& texts) {
  proto::AliasTargets& targets = configured_.emplace_back();
  for (const std::string& text : texts)
    for (proto::AliasTarget& target : proto::parse_alias_targets(text)) targets.push_back(std::move(target));
  return {name, &targets};
}

Alias Walk::find(const std::string& name) {
  const auto& own = config_.local.aliases;
  if (const auto alias = own.find(name); alias != own.end()) return configured(name, alias->second);
  if (!files_) return {};
  const auto alias = files_->table->names.find(name);
  return alias == files_->table->names.end() ? Alias() : Alias{name, &alias->second, &config_.alias_book->file()};
}

Alias Walk::alias_of(const std::string& name) {
  if (name == kEveryOther) return {};
  const std::string base = without_tag(name);
  for (const std::string& each : {name, base}) {
    if (each.empty()) continue;
    if (Alias alias = find(each); alias.targets) return alias;
  }
  if (base == "postmaster") return {};
  const auto every = config_.local.aliases.find(kEveryOther);
  return every == config_.local.aliases.end() ? Alias() : configured(kEveryOther, every->second);
}

AliasExpansion Walk::run(const proto::Mailbox& given) {
  go_to(given);
  while (!open_.empty() && !found_.is_too_many) {
    Frame& frame = open_.back();
    if (frame.next == frame.targets->size()) {
      open_.pop_back();
      continue;
    }
    ++found_.steps;
    const proto::AliasTarget& target = (*frame.targets)[frame.next++];
    take(target, Frame{frame.name, frame.place, frame.targets, frame.next});
  }
  return std::move(found_);
}

std::string Walk::place_of(const proto::AliasTarget& target, const Frame& frame) {
  return target.line == 0 ? frame.place : frame.place + ":" + std::to_string(target.line);
}

// `frame`: its origin; a copy, because frames move.
void Walk::take(const proto::AliasTarget& target, const Frame& frame) {
  switch (target.kind) {
    case Kind::address:
      return take_name(target.text, false, frame);
    case Kind::final:
      return take_name(target.text, true, frame);
    case Kind::include:
      return include(target.text, frame, place_of(target, frame));
    case Kind::command:
      return take_command(target, frame);
    case Kind::file:
      return refuse(place_of(target, frame) + ": mail is not written to a file: " + shown(target.text));
    case Kind::blackhole:
      return add(proto::discarding_recipient(frame.name));
    case Kind::fail:
      if (!found_.fail_words) found_.fail_words = target.text;
      return refuse(place_of(target, frame) + ": :fail: " + target.text);
    case Kind::defer:
      found_.defer_words = target.text;
      found_.deferred = place_of(target, frame) + ": :defer: " + target.text;
      return;
    case Kind::mistake:
      return refuse(place_of(target, frame) + ": " + target.text);
  }
}

// The number is enough: the runner reads the file itself.
void Walk::take_command(const proto::AliasTarget& target, const Frame& frame) {
  const std::string words = place_of(target, frame) + ": no command is run for mail";
  if (!config_.local.allow_commands) return refuse(words + ": |" + shown(target.text));
  const auto alias = files_ ? files_->table->names.find(frame.name) : decltype(files_->table->names.find(frame.name))();
  if (!files_ || alias == files_->table->names.end() || &alias->second != frame.targets)
    return refuse(words + " that stands elsewhere than in alias_file: |" + shown(target.text));
  if (const auto split = proto::command_words(target.text); !split) return refuse(place_of(target, frame) + ": " + split.error().message);
  const auto is_command = [](const proto::AliasTarget& one) { return one.kind == Kind::command; };
  const auto begin = frame.targets->begin();
  const auto number = std::count_if(begin, begin + static_cast<std::ptrdiff_t>(frame.next), is_command);
  add(proto::command_recipient({frame.name, static_cast<std::uint32_t>(number)}));
}

void Walk::take_name(std::string_view text, bool is_final, const Frame& frame) {
  const auto mailbox = proto::Mailbox::parse_qualifying(text, domain_);
  if (!mailbox) return refuse(frame.place + ": " + shown(text) + ": " + mailbox.error().message);
  const std::string name = proto::lower_case(mailbox->plain_local_part());
  const bool is_itself = config_.is_local(mailbox->domain()) && (name == frame.name || without_tag(name) == frame.name);
  if (is_final || is_itself) return add(*mailbox);
  go_to(*mailbox);
}

void Walk::go_to(const proto::Mailbox& mailbox) {
  if (!config_.is_local(mailbox.domain())) return add(mailbox);
  const std::string name = proto::lower_case(mailbox.plain_local_part());
  if (Alias alias = alias_of(name); alias.targets) return enter(std::move(alias), mailbox);
  if (without_tag(name) != "postmaster") return add(mailbox);
  const auto root = proto::Mailbox::parse_qualifying("root", mailbox.domain()).value();
  Alias alias = alias_of("root");
  return alias.targets ? enter(std::move(alias), root) : add(root);
}

void Walk::enter(Alias alias, const proto::Mailbox& mailbox) {
  if (is_open(alias.name)) {
    if (alias.name == kEveryOther) return add(mailbox);
    return refuse("the alias " + shown(open_.back().name) + " leads to " + shown(alias.name) + ", which leads back to it");
  }
  if (!seen_.insert(alias.name).second) return;
  if (open_.size() >= kMostNested) return refuse("more than " + std::to_string(kMostNested) + " aliases lead to one another");
  if (open_.empty() && alias.name == kEveryOther) found_.caught = mailbox;
  open_.push_back({std::move(alias.name), alias.file ? alias.file->string() : "[local] aliases", alias.targets});
}

void Walk::include(const std::string& path, const Frame& frame, const std::string& place) {
  if (!seen_.insert("/" + path).second) return;
  const auto file = files_ ? files_->includes.find(path) : decltype(files_->includes.find(path))();
  if (!files_ || file == files_->includes.end()) {
    found_.deferred = place + ": " + shown(path) + " has not been read yet";
  } else if (!file->second->failure.empty()) {
    const std::string reason = place + ": " + shown(path) + ": " + file->second->failure;
    if (!file->second->is_transient) return refuse(reason);
    found_.deferred = reason;
  } else if (open_.size() >= kMostNested) {
    refuse("more than " + std::to_string(kMostNested) + " aliases lead to one another");
  } else {
    open_.push_back({frame.name, path, &file->second->targets});
  }
}

void Walk::add(const proto::Mailbox& mailbox) {
  if (!mailboxes_.insert(mailbox.to_string()).second) return;
  found_.is_too_many = found_.mailboxes.size() >= most_;
  if (!found_.is_too_many) found_.mailboxes.push_back(mailbox);
}

void Walk::refuse(std::string reason) {
  if (found_.refused.size() < kMostReasons) found_.refused.push_back(std::move(reason));
}

bool Walk::is_open(const std::string& name) const {
  return std::any_of(open_.begin(), open_.end(), [&](const Frame& frame) { return frame.name == name; });
}

void add_notify(proto::Notify& notify, const proto::Notify& other) {
  if (!notify.given && !other.given) return;
  notify = {.given = true,
            .success = notify.success || other.success,
            .failure = notify.wants_failure() || other.wants_failure(),
            .delay = notify.wants_delay() || other.wants_delay()};
}

}  // namespace

AliasExpansion expand_alias(const Config& config, const proto::Mailbox& mailbox, std::size_t most) {
  if (!config.is_local(mailbox.domain())) {
    AliasExpansion itself;
    itself.mailboxes.push_back(mailbox);
    return itself;
  }
  return Walk(config, mailbox.domain(), most).run(mailbox);
}

std::string inherited_original(const proto::Recipient& given) {
  if (!given.original_recipient.empty()) return given.original_recipient;
  return std::string(kMailAddress) + proto::encode_xtext(given.mailbox.to_string());
}

std::vector<proto::Recipient> recipients_of(const proto::Recipient& given, std::vector<proto::Mailbox> mailboxes) {
  std::vector<proto::Recipient> recipients;
  recipients.reserve(mailboxes.size());
  const std::string original = inherited_original(given);
  for (proto::Mailbox& mailbox : mailboxes) {
    proto::Recipient one{std::move(mailbox), given.notify, given.original_recipient};
    if (one.mailbox != given.mailbox) one.original_recipient = original;
    one.notify.success = one.notify.success && recipients.empty();
    recipients.push_back(std::move(one));
  }
  return recipients;
}

std::vector<proto::Recipient> expanded(const Config& config, const proto::Recipient& given) {
  AliasExpansion expansion = expand_alias(config, given.mailbox, config.max_recipients);
  if (expansion.mailboxes.empty()) return {given};
  return recipients_of(given, std::move(expansion.mailboxes));
}

void drop_repetitions(std::vector<proto::Recipient>& recipients) {
  if (recipients.size() < 2) return;
  std::unordered_map<std::string, std::size_t, proto::TextHash> places;
  std::size_t kept = 0;
  for (proto::Recipient& recipient : recipients) {
    const auto [place, is_new] = places.try_emplace(recipient.mailbox.to_string(), kept);
    if (!is_new) {
      add_notify(recipients[place->second].notify, recipient.notify);
      continue;
    }
    if (&recipients[kept] != &recipient) recipients[kept] = std::move(recipient);
    ++kept;
  }
  recipients.erase(recipients.begin() + static_cast<std::ptrdiff_t>(kept), recipients.end());
}

std::vector<std::string> user_names(const proto::Mailbox& mailbox) {
  const std::string plain = mailbox.plain_local_part();
  std::vector<std::string> names;
  for (const std::string& name : {plain, proto::lower_case(plain), without_tag(plain), proto::lower_case(without_tag(plain))})
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

void offer_aliases(const Config& config, proto::NearMiss& search) {
  for (const auto& [name, targets] : config.local.aliases)
    if (name != kEveryOther) search.offer(name);
  if (!config.alias_book) return;
  std::size_t left = kMostOffered;
  for (const auto& [name, targets] : config.alias_book->files()->table->names) {
    if (left-- == 0) return;
    search.offer(name);
  }
}

std::string original_address(const proto::Recipient& recipient) {
  if (!recipient.original_recipient.starts_with(kMailAddress)) return {};
  const auto given = proto::decode_xtext(std::string_view(recipient.original_recipient).substr(kMailAddress.size()));
  return given && *given != recipient.mailbox.to_string() ? *given : std::string();
}

}  // namespace mxpress::mta::routing
