// Finds the reason for a mail host's refusal, by phrases that mail hosts are known to use.
#include "proto/reply_cause.h"

#include <algorithm>
#include <optional>

#include "proto/ascii.h"
#include "proto/domain.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxReply = 1000;
constexpr std::size_t kMaxName = 100;
constexpr std::size_t kShort = 5;  // a phrase up to this length is a whole word; longer ones may be the start of one ("greylisted")

struct Phrase {
  std::string_view text;
  ReplyCause cause;
};

// The first match decides.
constexpr Phrase kPhrases[] = {
    {"greylist", ReplyCause::greylisting},
    {"graylist", ReplyCause::greylisting},
    {"grey-list", ReplyCause::greylisting},
    {"helo command rejected", ReplyCause::hello_name},
    {"ehlo command rejected", ReplyCause::hello_name},
    {"helo argument", ReplyCause::hello_name},
    {"ehlo argument", ReplyCause::hello_name},
    {"invalid helo", ReplyCause::hello_name},
    {"invalid ehlo", ReplyCause::hello_name},
    {"bad helo", ReplyCause::hello_name},
    {"bad ehlo", ReplyCause::hello_name},
    {"helo name", ReplyCause::hello_name},
    {"ehlo name", ReplyCause::hello_name},
    {"helo host", ReplyCause::hello_name},
    {"helo string", ReplyCause::hello_name},
    {"need fully-qualified hostname", ReplyCause::hello_name},
    {"starttls", ReplyCause::encryption},
    {"use tls", ReplyCause::encryption},
    {"tls required", ReplyCause::encryption},
    {"requires tls", ReplyCause::encryption},
    {"require tls", ReplyCause::encryption},
    {"requires encryption", ReplyCause::encryption},
    {"encryption required", ReplyCause::encryption},
    {"spf", ReplyCause::authentication},
    {"dkim", ReplyCause::authentication},
    {"dmarc", ReplyCause::authentication},
    {"sender policy framework", ReplyCause::authentication},
    {"reverse hostname", ReplyCause::reverse_name},
    {"reverse dns", ReplyCause::reverse_name},
    {"reverse lookup", ReplyCause::reverse_name},
    {"cannot find your hostname", ReplyCause::reverse_name},
    {"dns ptr", ReplyCause::reverse_name},
    {"ptr record", ReplyCause::reverse_name},
    {"no ptr", ReplyCause::reverse_name},
    {"rdns", ReplyCause::reverse_name},
    {"authentication required", ReplyCause::sign_in},
    {"authentication is required", ReplyCause::sign_in},
    {"relay access denied", ReplyCause::relaying},
    {"relaying denied", ReplyCause::relaying},
    {"relay denied", ReplyCause::relaying},
    {"relay not permitted", ReplyCause::relaying},
    {"relaying not", ReplyCause::relaying},
    {"not permitted to relay", ReplyCause::relaying},
    {"unable to relay", ReplyCause::relaying},
    {"do not relay", ReplyCause::relaying},
    {"reputation", ReplyCause::reputation},
    {"rate limit", ReplyCause::rate},
    {"unusual rate", ReplyCause::rate},
    {"frequency limited", ReplyCause::rate},
    {"throttled", ReplyCause::rate},
    {"too quickly", ReplyCause::rate},
    {"too many connections", ReplyCause::rate},
    {"too many concurrent", ReplyCause::rate},
    {"number of connections", ReplyCause::rate},
    {"too many messages", ReplyCause::rate},
};

// Phrases that may be followed by the name of a list.
constexpr std::string_view kBeforeName[] = {"blocked using ", "listed at ", "listed in ", "listed on ",
                                            "listed by ",     "list at ",   "list on ",   "rbl on "};

struct Operator {
  std::string_view fragment;
  std::string_view name;
};

constexpr Operator kOperators[] = {
    {"spamhaus", "Spamhaus"},
    {"barracudacentral", "Barracuda"},
    {"spamcop", "SpamCop"},
    {"sorbs.net", "SORBS"},
    {"uceprotect", "UCEPROTECT"},
    {"cloudmark", "Cloudmark"},
    {"dnsbl-lookup", "Proofpoint"},
    {"ipcheck.proofpoint", "Proofpoint"},
    {"abuseat.org", "CBL"},
    {"invaluement", "Invaluement"},
    {"mailspike", "Mailspike"},
    {"abusix", "Abusix"},
    {"spamrats", "SpamRATS"},
    {"uribl", "URIBL"},
    {"surbl", "SURBL"},
    {"backscatterer", "Backscatterer"},
    {"trend micro rbl", "Trend Micro"},
    {"(s3140)", "Microsoft"},
    {"(s3150)", "Microsoft"},
};

// Phrases for a list whose name is not known.
constexpr std::string_view kSomeList[] = {"block list", "blocklist", "black list", "blacklist", "dnsbl", " rbl", "rbl:", "blocked using"};

constexpr std::string_view kNotAsked[] = {"query refused", "127.255.255.", "open resolver"};

template <typename Fragments>
bool has_any(std::string_view text, const Fragments& fragments) {
  return std::any_of(std::begin(fragments), std::end(fragments), [&](std::string_view part) { return text.find(part) != text.npos; });
}

bool is_in_word(char c) { return is_digit(c) || is_alpha(c); }

// Only at the start of a word: replies end with random letters.
bool has_phrase(std::string_view text, std::string_view phrase) {
  for (auto at = text.find(phrase); at != text.npos; at = text.find(phrase, at + 1)) {
    const auto end = at + phrase.size();
    const bool ends_there = phrase.size() > kShort || end == text.size() || !is_in_word(text[end]);
    if (ends_there && (at == 0 || !is_in_word(text[at - 1]))) return true;
  }
  return false;
}

// Lower case, without words that hold an address: a recipient at the domain of a block list is not listed there.
std::string searched_text(std::string_view reply) {
  std::string text;
  for (std::string_view rest = reply.substr(0, kMaxReply); !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word.find('@') == word.npos) text.append(lower_case(word)).push_back(' ');
  }
  return text;
}

bool is_in_name(char c) { return is_in_word(c) || c == '-' || c == '.' || c == '_'; }

// A domain that is not part of an address.
std::optional<std::string> name_in(std::string_view text) {
  while (text.ends_with('.')) text.remove_suffix(1);
  const auto dot = text.rfind('.');
  if (dot == text.npos || text.size() > kMaxName || !Domain::parse(text)) return std::nullopt;
  const std::string_view top = text.substr(dot + 1);
  return std::all_of(top.begin(), top.end(), is_alpha) ? std::optional(std::string(text)) : std::nullopt;
}

// The word around that place.
std::string_view word_at(std::string_view text, std::size_t place) {
  std::size_t begin = place, end = place;
  while (begin > 0 && is_in_name(text[begin - 1])) --begin;
  while (end < text.size() && is_in_name(text[end])) ++end;
  return text.substr(begin, end - begin);
}

std::optional<std::string> announced_list(std::string_view text) {
  for (const std::string_view words : kBeforeName) {
    const auto found = text.find(words);
    if (found == text.npos || text.substr(0, found).ends_with("not ")) continue;
    const auto place = text.find_first_not_of(" \"'([<", found + words.size());
    if (place == text.npos || !is_in_name(text[place])) continue;
    if (auto name = name_in(word_at(text, place))) return name;
  }
  return std::nullopt;
}

// "zen.spamhaus.org" if the text has that, "Spamhaus" for any page of theirs.
std::optional<std::string> known_list(std::string_view text) {
  for (const Operator& known : kOperators) {
    const auto found = text.find(known.fragment);
    if (found == text.npos) continue;
    const auto name = name_in(word_at(text, found));
    const bool is_page = !name || std::count(name->begin(), name->end(), '.') < 2 || text.find("/" + *name) != text.npos;
    return is_page ? std::string(known.name) : name;
  }
  return std::nullopt;
}

}  // namespace

ReplyFinding cause_of(std::string_view reply) {
  const std::string text = searched_text(reply);
  auto list = announced_list(text);
  if (!list) list = known_list(text);
  if (list) return {has_any(text, kNotAsked) ? ReplyCause::block_list_not_asked : ReplyCause::block_list, *list};
  for (const Phrase& phrase : kPhrases)
    if (has_phrase(text, phrase.text)) return {phrase.cause};
  return {has_any(text, kSomeList) ? ReplyCause::block_list : ReplyCause::unknown};
}

}  // namespace mxpress::proto
