// Reads Received fields: see received.h.
#include "mta/trace/received.h"

#include <algorithm>
#include <vector>

#include "mta/trace/clauses.h"
#include "mta/trace/tls_words.h"
#include "mta/trace/words.h"
#include "proto/ascii.h"

namespace mxpress::mta::trace {
namespace {

using proto::equal_in_any_case;
using proto::starts_in_any_case;

constexpr std::string_view kBetween = " \t\r\n,";

std::string bare(std::string_view word) {
  if (word.starts_with('<')) word.remove_prefix(1);
  if (word.ends_with('>')) word.remove_suffix(1);
  return std::string(word);
}

std::string without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return std::string(name);
}

// False for programs that write "unknown" for each client: qmail, Coremail (NetEase), and the hosts of QQ.
bool looks_names_up(const Clauses& clauses) {
  const auto& comments = clauses["by"].comments;
  return std::any_of(comments.begin(), comments.end(), [](const std::string& comment) {
    return comment != "Coremail" && comment != "NewMX" && comment != "NewEsmtp" && comment != "ESMTP";
  });
}

// The comments behind the client's name say what the host knows of the client.
class ClientReader {
 public:
  ClientReader(const Clauses& clauses, Received& received)
      : clause_(clauses["from"]), looks_names_up_(looks_names_up(clauses)), received_(received) {}

  void read() {
    for (const std::string& comment : clause_.comments)
      if (!is_about_tls(comment)) read_comment(comment);
    for (const std::string& word : clause_.words)  // fetchmail: without parentheses, behind the name
      if (!received_.client && &word != &clause_.words.front() && word.starts_with('[')) received_.client = address_in(word);
    const std::string word = clause_.word();
    const auto literal = address_in(word);
    if (literal && word.find('@') == word.npos) {
      if (!received_.client)
        received_.client = literal;
      else if (!has_helo_)
        received_.helo = word;
    } else if (!has_helo_) {
      received_.helo = without_dot(word);
    } else {
      take_name(word);  // qmail, Exim: the name of the address stands in front
    }
  }

 private:
  void read_comment(std::string_view comment) {
    // sendmail: the name of the address does not lead back to it
    const bool is_unconfirmed = comment.find("may be forged") != comment.npos;
    const auto words = words_of(comment.substr(0, comment.find('(')), kBetween);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view word = words[i];
      if (starts_in_any_case(word, "helo=") || starts_in_any_case(word, "ehlo=")) {
        take_helo(word.substr(5));
      } else if ((equal_in_any_case(word, "HELO") || equal_in_any_case(word, "EHLO")) && i + 1 < words.size()) {
        take_helo(words[++i]);
      } else if (const auto address = address_in(word); address && word.find('=') == word.npos) {
        if (!received_.client) received_.client = address;
      } else if (i == 0 && !is_unconfirmed && words.size() > 1 && address_in(words[1])) {
        take_name(word.substr(word.find('@') + 1));  // sendmail: behind the user's name, if the client told it
      }
    }
    if (is_unconfirmed) received_.has_no_name = true;
  }

  void take_helo(std::string_view word) {
    received_.helo = without_dot(word);
    has_helo_ = true;
  }

  void take_name(std::string_view word) {
    if (equal_in_any_case(word, "unknown") || equal_in_any_case(word, "<unknown>"))
      received_.has_no_name = looks_names_up_;
    else if (received_.client_name.empty() && !address_in(word))
      received_.client_name = without_dot(word);
  }

  const Clause& clause_;
  const bool looks_names_up_;
  Received& received_;
  bool has_helo_ = false;
};

void read_host(const Clause& clause, Received& received) {
  received.by = without_dot(clause.word());
  received.by_address = address_in(received.by);
  for (const std::string& comment : clause.comments)
    for (const std::string_view word : words_of(comment, kBetween))
      if (!received.by_address && word.find('=') == word.npos) received.by_address = address_in(word);
}

// RFC 3848
bool is_of_signed_in(std::string_view protocol) {
  return protocol.ends_with("SMTPA") || protocol.ends_with("SMTPSA") || protocol.ends_with("LMTPA") || protocol.ends_with("LMTPSA");
}

void read_protocol(const Clause& clause, Received& received) {
  if (clause.words.empty()) return;
  const auto is_word = [&](std::size_t i, std::string_view text) {
    return i < clause.words.size() && equal_in_any_case(clause.words[i], text);
  };
  if (is_word(0, "Microsoft") && is_word(1, "SMTP") && is_word(2, "Server")) {
    received.protocol = "Microsoft SMTP Server";
    return;
  }
  received.protocol = proto::upper_case(clause.words[0]);
  received.is_authenticated = is_of_signed_in(received.protocol);
  if (is_word(1, "tls") && clause.words.size() > 2) received.tls = clause.words[2];  // Exim
}

void read_notes(const Clauses& clauses, Received& received) {
  std::string version, cipher = received.tls;
  for (const auto& [keyword, clause] : clauses.clauses) {
    for (const std::string& comment : clause.comments) {
      if (starts_in_any_case(comment, "Authenticated sender")) received.is_authenticated = true;
      const auto words = words_of(comment, kBetween);
      for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (equal_in_any_case(words[i], "envelope-from")) received.sender = bare(words[i + 1]);
      if (!is_about_tls(comment)) continue;
      const TlsWords found = tls_words(comment);
      if (version.empty()) version = found.version;
      if (cipher.empty()) cipher = found.cipher;
    }
  }
  const bool has_tls = !version.empty() || !cipher.empty() || starts_in_any_case(received.protocol, "HTTPS") ||
                       received.protocol.find("SMTPS") != std::string::npos || received.protocol.find("LMTPS") != std::string::npos;
  received.tls = version.empty() && has_tls ? "TLS" : version;
  if (!cipher.empty()) received.tls += " " + cipher;
}

}  // namespace

std::optional<dns::Address> address_in(std::string_view word) {
  if (const auto open = word.find('['); open != word.npos) {
    const auto close = word.find(']', open);
    if (close == word.npos) return std::nullopt;
    word = word.substr(open + 1, close - open - 1);
  } else if (const auto at = word.rfind('@'); at != word.npos) {
    word.remove_prefix(at + 1);
  }
  if (starts_in_any_case(word, "ipv6:")) word.remove_prefix(5);
  const auto address = dns::Address::parse(word.substr(0, word.find('%')));
  return address ? std::optional<dns::Address>(dns::unmapped(*address)) : std::nullopt;
}

Received parse_received(std::string_view value) {
  const Clauses clauses = split_clauses(value);
  Received received;
  received.has_from = clauses.has("from");
  if (received.has_from) ClientReader(clauses, received).read();
  read_host(clauses["by"], received);
  read_protocol(clauses["with"], received);
  received.id = bare(clauses["id"].word());
  received.recipient = bare(clauses["for"].word());
  read_notes(clauses, received);
  received.date_text = clauses.date;
  received.date = read_date(clauses.date);
  return received;
}

}  // namespace mxpress::mta::trace
