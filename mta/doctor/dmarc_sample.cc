// Signs a sample, and verifies it as a receiver does.
#include "mta/doctor/dmarc_sample.h"

#include <algorithm>

#include "mta/dkim/key_record.h"
#include "mta/dkim/signer.h"
#include "mta/records/dmarc.h"

namespace mxpress::mta::doctor {
namespace {

using dns::AnswerKind;
using dns::RecordType;

constexpr std::string_view kBody = "This is a sample.\r\n";

std::string header_of(const proto::Domain& domain) {
  return "From: <postmaster@" + domain.text() + ">\r\nTo: <postmaster@" + domain.text() +
         ">\r\nSubject: sample\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <sample@" + domain.text() + ">\r\n";
}

std::string_view parent_of(std::string_view name) {
  const auto dot = name.find('.');
  return dot == name.npos ? std::string_view() : name.substr(dot + 1);
}

// The label in front of `parent` in `domain`, with it: one below it.
std::string one_below(const std::string& domain, const std::string& parent) {
  if (domain == parent) return domain;
  const auto end = domain.size() - parent.size() - 1;
  const auto dot = domain.rfind('.', end - 1);
  return domain.substr(dot == domain.npos ? 0 : dot + 1);
}

class Sample {
 public:
  Sample(Subject subject, dkim::KeyRing ring, State spf, dns::Resolver& resolver)
      : subject_(std::move(subject)), ring_(std::move(ring)), spf_(spf), resolver_(resolver), from_(subject_.mail.domain.text()) {}

  Task<Findings> check() {
    policy_ = co_await policy();
    co_await verify_signatures();
    Findings findings;
    findings.push_back(verdict());
    co_return findings;
  }

 private:
  // The record that holds for the domain of From; empty: none, or the DNS does not answer.
  Task<std::string> policy() {
    for (std::string name : records::dmarc_names(from_)) {
      dns::Question question{std::move(name), RecordType::txt};
      const dns::Answer answer = co_await resolver_.resolve(std::move(question));
      if (answer.kind == AnswerKind::failed) is_unsure_ = true;
      const auto found = std::find_if(answer.texts.begin(), answer.texts.end(), records::is_dmarc);
      if (found != answer.texts.end()) co_return *found;
    }
    co_return std::string();
  }

  Task<void> verify_signatures() {
    const std::string header = header_of(subject_.mail.domain);
    const dkim::Identity* identity = ring_.find(header);
    if (!identity) co_return;
    dkim::BodyHash body(dkim::BodyForm::relaxed);
    body.feed(kBody);
    const dkim::BodyDigest digest = body.finish();
    const dkim::SignedFields fields(header);
    dkim::Signer signer(ring_);
    const bool is_aligned = co_await aligned(identity->domain.text(), records::dmarc_tag(policy_, "adkim") == "s");
    for (const dkim::SigningKey& key : identity->keys) {
      const dkim::Signer::Draft draft = signer.draft(*identity, key, fields, digest);
      const auto value = key.key.sign(draft.digest);
      if (!value) continue;
      co_await verify(dkim::record_name(key.selector, identity->domain), draft.digest, *value, is_aligned);
    }
  }

  Task<void> verify(std::string name, dkim::Digest digest, std::string value, bool is_aligned) {
    dns::Question question{name, RecordType::txt};
    const dns::Answer answer = co_await resolver_.resolve(std::move(question));
    if (answer.kind == AnswerKind::failed) {
      is_unsure_ = true;
      said_.push_back("the key " + name + " cannot be looked up");
      co_return;
    }
    const auto record = answer.texts.size() == 1 ? dkim::parse_key_record(answer.texts.front())
                                                 : Result<dkim::KeyRecord>(Error::permanent("there is no record, or more than one"));
    const bool is_valid = record && dkim::verify(record->key, digest, value);
    if (!record)
      said_.push_back("the signature by " + name + " cannot be verified: " + record.error().message);
    else if (!is_valid)
      said_.push_back("the signature by " + name + " does not verify");
    else if (!is_aligned)
      said_.push_back("the signature by " + name + " verifies, but its domain is not that of From");
    else
      said_.push_back("the signature by " + name + " verifies, and its domain is that of From");
    passes_ = passes_ || (is_valid && is_aligned && !record->is_testing);
  }

  Task<bool> aligned(std::string other, bool is_strict) {
    if (other == from_ || is_strict) co_return other == from_;
    const auto ours = co_await organizational_domain(from_, resolver_);
    const auto theirs = co_await organizational_domain(std::move(other), resolver_);
    if (!ours || !theirs) is_unsure_ = true;
    co_return ours&& ours == theirs;
  }

  Finding verdict() const {
    std::string evidence = "A sample from postmaster@" + from_ + ", with the same envelope: ";
    for (const std::string& text : said_) evidence += text + "; ";
    evidence += spf_ == State::fine    ? "SPF passes for the domain of From."
                : spf_ == State::wrong ? "SPF does not pass."
                                       : "whether SPF passes is not known.";
    if (passes_ || spf_ == State::fine) return fine("dmarc-sample", "DMARC passes. " + evidence);
    if (is_unsure_ || (spf_ != State::wrong && subject_.is_direct)) return unknown("dmarc-sample", evidence);
    if (!subject_.keys_unknown_because.empty())
      return unknown("dmarc-sample", evidence + " The keys cannot be read: " + subject_.keys_unknown_because + ".");
    if (!subject_.is_direct && said_.empty())
      return not_needed("dmarc-sample", subject_.provider + " takes all mail, and signs it itself: ask there. " + evidence);
    return {"dmarc-sample",
            State::wrong,
            "DMARC does not pass: receivers with a policy refuse such mail. " + evidence,
            Actor::administrator,
            "Have the records above published; mxpress setup makes keys and shows what to publish.",
            {"mxpress setup"}};
  }

  const Subject subject_;
  const dkim::KeyRing ring_;
  const State spf_;
  dns::Resolver& resolver_;
  const std::string from_;
  std::string policy_;
  std::vector<std::string> said_;
  bool passes_ = false, is_unsure_ = false;
};

}  // namespace

State spf_state(const Findings& records) {
  for (const Finding& one : records)
    if (one.check.starts_with("spf ")) return one.state;
  return State::unknown;
}

Task<Findings> check_dmarc_sample(Subject subject, dkim::KeyRing ring, State spf, dns::Resolver& resolver) {
  Sample sample(std::move(subject), std::move(ring), spf, resolver);
  co_return co_await sample.check();
}

Task<std::optional<std::string>> organizational_domain(std::string domain, dns::Resolver& resolver) {
  std::string found = domain;
  bool has_found = false;
  for (const std::string& name : records::dmarc_names(domain)) {
    dns::Question question{name, RecordType::txt};
    const dns::Answer answer = co_await resolver.resolve(std::move(question));
    if (answer.kind == AnswerKind::failed) co_return std::nullopt;
    const auto record = std::find_if(answer.texts.begin(), answer.texts.end(), records::is_dmarc);
    if (record == answer.texts.end()) continue;
    const std::string holder(parent_of(name));  // without "_dmarc."
    const std::string psd = records::dmarc_tag(*record, "psd");
    // RFC 9989 4.10.2: the first that decides, else the record with the fewest labels.
    if (psd == "n") co_return holder;
    if (psd == "y" && holder != domain) co_return one_below(domain, holder);
    found = holder;
    has_found = true;
  }
  co_return has_found ? found : domain;
}

}  // namespace mxpress::mta::doctor
