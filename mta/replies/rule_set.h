// Rules about replies, and which of them a reply meets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/replies/phrase_search.h"
#include "mta/replies/provider_limits.h"
#include "mta/replies/reply_class.h"
#include "proto/outcome.h"
#include "proto/time.h"

namespace mxpress::mta::replies {

struct ReplyText;

// "5.7.26", "*.7.26", "4.7.500-699", "*.1.*"
struct StatusPattern {
  int klass = 0;  // 0: any
  int subject = 0;
  int first = 0, last = 999;  // of the detail
  bool holds(proto::EnhancedStatus status) const {
    return (klass == 0 || klass == status.klass) && subject == status.subject && first <= status.detail && status.detail <= last;
  }
};

// 550, "5xx"
struct CodePattern {
  int first = 0, last = 0;
  bool holds(int code) const { return first <= code && code <= last; }
};

// The part of the dialogue that a rule is about.
enum class When : std::uint8_t { any, greeting, mail, rcpt, data };  // greeting: up to the reply to EHLO; data: DATA and the content

// site: the reply says something about all mail to the mail hosts; recipient: about the message that got it alone.
enum class Scope : std::uint8_t { site, recipient };

struct Rule {
  std::string name;
  std::uint32_t line = 0;                           // in its file
  std::vector<std::string> hosts{};                 // suffixes of the mail host's name; empty: any
  std::vector<std::vector<std::uint32_t>> texts{};  // one of them: all its phrases. Numbers of RuleSet's phrases
  std::vector<StatusPattern> statuses{};            // one of them; empty: any
  std::vector<CodePattern> codes{};                 // the same
  When when = When::any;
  ReplyClass kind = ReplyClass::policy;
  proto::Actor who = proto::Actor::nobody;
  Scope scope = Scope::site;
  bool tries_other_family = false;  // mail may be taken over the other address family (IPv4, IPv6) of the mail hosts
  std::string cause;                // sentences
  std::string todo;
  std::string link;
  std::optional<Duration> wait{};  // to the next attempt, if the reply states none
};

struct Match {
  const Rule* rule = nullptr;
  std::optional<Duration> wait{};  // that the reply states, or the rule
};

// An immutable value after finish(): any thread.
class RuleSet {
 public:
  static constexpr std::size_t kMostRules = 2000;
  static constexpr std::size_t kMostLimits = 200;
  static constexpr std::size_t kMostPhraseOctets = 24 * 1024;  // of all rules

  // The number of a phrase, for Rule::texts.
  std::uint32_t add_phrase(std::string_view phrase) { return search_.add(phrase); }
  void add(Rule rule) { rules_.push_back(std::move(rule)); }
  // Where they are from, for people: a file, or "the rules of mxpress".
  void set_source(std::string source) { source_ = std::move(source); }
  void set_date(std::string date) { date_ = std::move(date); }
  // Hosts whose last line has the cause: of the rules by text, the one whose words come last in the reply counts.
  void set_last_line_hosts(std::vector<std::string> hosts) { last_line_hosts_ = std::move(hosts); }
  void add(ProviderLimits limits) { limits_.push_back(std::move(limits)); }
  // After the last rule.
  void finish();

  // The rule for the reply of a mail host: by its words first, by its enhanced code second, by its code last; in each of the three, the
  // first one of the file. Nullopt: no rule, or `result` is no reply, or a positive one. Takes time linear in the reply.
  std::optional<Match> match(const proto::HostResult& result) const;

  // The first that names the host; null: none is known.
  const ProviderLimits* limits_for(std::string_view host) const;
  const std::vector<ProviderLimits>& limits() const { return limits_; }

  const std::vector<Rule>& rules() const { return rules_; }
  const std::string& date() const { return date_; }
  const std::string& source() const { return source_; }
  std::size_t octets() const;  // of memory, about

 private:
  enum class Tier { text, status, code };
  static Tier tier_of(const Rule& rule);
  const Rule* first_of(Tier tier, const ReplyText& text, const proto::HostResult& result) const;
  const Rule* by_text(const ReplyText& text, const proto::HostResult& result) const;

  std::vector<Rule> rules_;
  std::vector<ProviderLimits> limits_;
  PhraseSearch search_;
  std::vector<std::string> last_line_hosts_;
  std::string date_, source_ = "the rules of mxpress";
};

}  // namespace mxpress::mta::replies
