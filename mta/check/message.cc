// Reads a message, and tells what would become of it.
#include "mta/check/message.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>

#include "mta/check/findings.h"
#include "mta/config/config.h"
#include "mta/dkim/key_ring.h"
#include "mta/routing/senders.h"
#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/printable.h"

namespace mxpress::mta::check {
namespace {

using std::string;

constexpr std::size_t kMaxWords = 200;

string shown(std::string_view text) { return proto::printable(text, kMaxWords); }

// Equal, or one below the other: relaxed alignment (RFC 7489 3.1) as far as it can be known without the list of public suffixes.
bool agrees(std::string_view a, std::string_view b) {
  const auto is_below = [](std::string_view name, std::string_view parent) {
    return name.size() > parent.size() && name.ends_with(parent) && name[name.size() - parent.size() - 1] == '.';
  };
  return a == b || is_below(a, b) || is_below(b, a);
}

// As dkim::KeyRing, by the tables alone: key files may be for mxpressd only. Null: none.
const std::pair<const proto::Domain, DkimConfig>* table_of(const Config& config, std::string_view domain) {
  for (std::string_view name = domain;; name.remove_prefix(name.find('.') + 1)) {
    for (const auto& entry : config.dkim)
      if (entry.first.text() == name) return &entry;
    if (name.find('.') == name.npos) return nullptr;
  }
}

// The domain whose keys would sign; empty: none.
string signing_domain(const Config& config, const std::optional<proto::Domain>& author) {
  const auto* found = author ? table_of(config, author->text()) : nullptr;
  if (!found) found = table_of(config, (config.sender_domain ? *config.sender_domain : config.own_domain()).text());
  return found && found->second.sign != SignWhen::never ? found->first.text() : string();
}

class Notes {
 public:
  Notes(const Message& message, const Config& config, const Findings& findings) : message_(message), config_(config), findings_(findings) {}

  std::vector<string> all() {
    size();
    form();
    fields();
    identity();
    return std::move(notes_);
  }

 private:
  void add(string note) { notes_.push_back(std::move(note)); }

  void size() {
    const std::uint64_t octets = message_.size();
    add("It has " + std::to_string(octets) + " octets.");
    if (octets > config_.max_message_size)
      add("This host takes at most " + std::to_string(config_.max_message_size) + " (max_message_size): it would refuse the message.");
    for (const HostFinding& host : findings_.hosts) {
      const std::uint64_t limit = host.extensions.size_limit.value_or(0);
      if (limit != 0 && octets > limit) add(host.target.host + " takes at most " + std::to_string(limit) + " octets (SIZE).");
    }
  }

  void form() {
    const proto::ContentFacts& facts = message_.facts();
    if (facts.needs_reencoding())
      add("Its longest line has " + std::to_string(facts.longest_line) + " octets, more than the 998 that mail may have: it is converted.");
    if (!facts.eight_bit) return;
    for (const HostFinding& host : findings_.hosts)
      if (host.reached_mail && !host.extensions.eight_bit_mime)
        add(host.target.host + " does not offer 8BITMIME: for it the message is converted to 7 bits.");
  }

  void fields() {
    string missing;
    for (const std::string_view name : {"From", "Date", "Message-ID"})
      if (!proto::find_field(message_.header(), name)) missing.append(missing.empty() ? "" : ", ").append(name);
    if (!missing.empty()) add("mxpressd adds what is missing: " + missing + ".");
    if (proto::find_field(message_.header(), "Bcc")) add("mxpressd removes Bcc.");
  }

  // The author as receivers see him.
  void identity() {
    std::optional<proto::Domain> author = dkim::author_domain(message_.header());
    const bool has_from = proto::find_field(message_.header(), "From").has_value();
    if (has_from && !author) add("From has no single address that can be read: many receivers refuse such mail.");
    if (author && config_.is_local(*author) && config_.sender_domain) {
      author = config_.sender_domain;
      add("Addresses of this host in From get the domain " + author->text() + " (sender_domain).");
    }
    if (!findings_.author.empty()) {
      add("The route replaces From by " + shown(findings_.author) + ".");
      const auto replaced = proto::Mailbox::parse(findings_.author);
      if (replaced) author = replaced->domain();
    }
    const string signer = signing_domain(config_, author);
    add(signer.empty() ? "It is not signed: no [dkim] of the configuration is for its author."
                       : "It is signed by " + signer + " (DKIM) once the key's record is published; `mxpress status` tells whether it is.");
    if (author) alignment(author->text(), signer);
  }

  void alignment(const string& author, const string& signer) {
    const auto at = findings_.sender.rfind('@');
    const string sender = at == string::npos ? string() : findings_.sender.substr(at + 1);
    const bool by_signature = !signer.empty() && agrees(author, signer), by_sender = !sender.empty() && agrees(author, sender);
    if (by_signature && by_sender) return add("From (" + author + ") agrees with the signature and the sender, as DMARC wants it.");
    if (by_signature) return add("From (" + author + ") agrees with the signature, which is enough for DMARC.");
    if (by_sender) return add("From (" + author + ") agrees with the sender: for DMARC it depends on SPF alone, which forwarding breaks.");
    add("From (" + author + ") agrees neither with a signature nor with the sender (" + (sender.empty() ? "<>" : sender) +
        "): where its domain has a DMARC policy, receivers refuse the mail or take it for spam.");
  }

  const Message& message_;
  const Config& config_;
  const Findings& findings_;
  std::vector<string> notes_;
};

}  // namespace

Result<Message> Message::parse(std::string_view text) {
  Message message;
  proto::LineEndNormaliser lines;
  lines.feed(text, message.text_);
  lines.finish(message.text_);
  if (lines.flaw() != proto::Flaw::none) return Error::permanent("has a NUL, which no message may have");
  message.facts_ = lines.facts();
  proto::HeaderScanner scanner(proto::MboxLines::are_text);
  scanner.find_end(message.text_, proto::Extent::is_whole);
  message.header_end_ = scanner.end();
  return message;
}

Result<Message> Message::read(const boost::filesystem::path& file, std::uint64_t most) {
  std::ifstream input(file.string(), std::ios::binary);
  if (!input) return Error::permanent(file.string() + " cannot be read");
  string text;
  std::array<char, 64 * 1024> block{};
  while (text.size() <= most && (input.read(block.data(), block.size()), input.gcount() > 0))
    text.append(block.data(), static_cast<std::size_t>(input.gcount()));
  if (text.size() > most) return Error::permanent(file.string() + " has more than " + std::to_string(most) + " octets (max_message_size)");
  auto message = parse(text);
  if (!message) return Error::permanent(file.string() + " " + message.error().message);
  return message;
}

Task<Result<std::size_t>> Message::read(std::uint64_t offset, char* buffer, std::size_t size) {
  if (offset >= text_.size()) co_return std::size_t{0};
  co_return text_.copy(buffer, size, static_cast<std::size_t>(offset));
}

std::vector<string> message_notes(const Message& message, const Config& config, const Findings& findings) {
  return Notes(message, config, findings).all();
}

}  // namespace mxpress::mta::check
