// Turns the states of DNS records into findings.
#include "mta/doctor/record_checks.h"

#include <algorithm>

#include "mta/config/host_name.h"

namespace mxpress::mta::doctor {
namespace {

using records::HostRecord;
using records::RecordKind;
using records::RecordState;

constexpr std::string_view kNoPublicEnds[] = {".invalid", ".local",     ".localdomain", ".internal", ".lan",
                                              ".home",    ".home.arpa", ".corp",        ".test"};

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

std::string sentences(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : " ") + text;
  return all;
}

std::string line_of(const HostRecord& record) { return record.name + ". IN " + record.type + " " + record.value; }

// The addresses of the name are of use inside of this network alone: the DNS here is another one than that of other hosts.
bool shows_inside(const std::vector<HostRecord>& records) {
  bool has_any = false;
  for (const HostRecord& record : records) {
    if (record.kind != RecordKind::address) continue;
    for (const std::string& text : record.found) {
      const auto address = dns::Address::parse(text);
      if (address && !dns::is_private(*address) && dns::peculiarity(*address).empty()) return false;
      has_any = true;
    }
  }
  return has_any;
}

std::string check_of(const HostRecord& record) {
  switch (record.kind) {
    case RecordKind::dkim_key:
      return "dkim " + record.name;
    case RecordKind::spf:
      return "spf " + record.name;
    case RecordKind::dmarc:
      return "dmarc " + record.name;
    case RecordKind::address:
      return record.subject ? "address " + record.subject->to_string() : "address";
    case RecordKind::ptr:
      return "ptr " + record.subject->to_string();
  }
  return {};
}

std::string evidence_of(const HostRecord& record, std::string_view wanted) {
  std::string text = record.name + " has ";
  text += record.found.empty() ? "no " + record.type + " record" : record.type + " " + joined(record.found);
  return text + std::string(wanted) + (record.notes.empty() ? "." : ". " + sentences(record.notes));
}

class RecordChecks {
 public:
  RecordChecks(const Subject& subject, const std::vector<HostRecord>& records) : subject_(subject), is_inside_(shows_inside(records)) {}

  Finding of(const HostRecord& record) const {
    Finding finding = found(record);
    if (record.state == RecordState::unknown) finding.state = State::unknown;
    if (finding.state == State::wrong || finding.state == State::fine) doubt(record, finding);
    return finding;
  }

 private:
  Finding found(const HostRecord& record) const {
    Finding finding{check_of(record), State::wrong, {}};
    if (record.state == RecordState::right) finding.state = State::fine;
    if (record.state == RecordState::elsewhere) finding.state = State::not_needed;
    if (!record.value.empty() && record.state != RecordState::right && record.state != RecordState::unknown)
      finding.paste.push_back(line_of(record));
    switch (record.kind) {
      case RecordKind::address:
        return address(record, std::move(finding));
      case RecordKind::ptr:
        return ptr(record, std::move(finding));
      default:
        return text(record, std::move(finding));
    }
  }

  Finding address(const HostRecord& record, Finding finding) const {
    const bool is_right = record.state == RecordState::right;
    finding.evidence = evidence_of(record, is_right || !record.subject ? "" : ", and mail leaves from " + record.subject->to_string());
    if (is_right) return finding;
    finding.actor = Actor::zone_holder;
    finding.remedy = "Publish the record, or set hostname in mxpress.toml to the name that the DNS has for this host.";
    return finding;
  }

  Finding ptr(const HostRecord& record, Finding finding) const {
    const std::string& name = subject_.mail.hostname;
    finding.evidence = evidence_of(record, record.state == RecordState::right ? ", the name in EHLO" : "; EHLO says " + name);
    if (record.state == RecordState::right) return finding;
    finding.actor = Actor::reverse_zone_holder;
    finding.remedy =
        "Set the name of the address, in the settings of the server at the hosting provider. The name must have the address, too.";
    if (!record.found.empty()) {  // with a dot at the end
      const std::string& found = record.found.front();
      finding.remedy += " Or call this host by the name that the address has, if that name has the address.";
      finding.paste.push_back("hostname = \"" + found.substr(0, found.size() - 1) + "\"");
    }
    if (record.subject->is_v6 && subject_.has_source(false)) {
      finding.remedy += " Until then send by IPv4 alone: many receivers refuse IPv6 addresses without a name.";
      finding.paste.push_back("[delivery]\naddress_family = \"ipv4\"");
    }
    return finding;
  }

  Finding text(const HostRecord& record, Finding finding) const {
    finding.evidence = evidence_of(record, "");
    if (record.state == RecordState::right) return finding;
    finding.actor = Actor::zone_holder;
    finding.remedy = record.found.empty() ? "Publish the record." : "Publish the record in the place of what is there.";
    return finding;
  }

  // What the internet sees may be something else: then nothing is wrong, as far as this host can tell.
  void doubt(const HostRecord& record, Finding& finding) const {
    const bool is_by_address = record.kind == RecordKind::address || record.kind == RecordKind::ptr || record.kind == RecordKind::spf;
    const bool has_no_address = record.kind == RecordKind::address && !record.subject;  // such a host name is wrong for each source address
    if (subject_.is_direct && subject_.is_behind_router() && is_by_address && !has_no_address) {
      finding.state = State::unknown;
      finding.evidence = "Mail leaves from " + subject_.sources.front().to_string() +
                         ", a private address: other hosts see that of a router, which is not known here. " + finding.evidence;
      finding.actor = Actor::administrator;
      finding.remedy = "Name the address that other hosts see (the router shows it), and run this again.";
      finding.paste = {"[doctor]\naddresses = [\"ADDRESS\"]"};
    } else if (is_inside_ && finding.state == State::wrong) {
      finding.state = State::unknown;
      finding.evidence = "The DNS that this host asks says that " + subject_.mail.hostname +
                         " has a private address, so it answers for the inside of this network, and other hosts may get other answers. " +
                         finding.evidence;
      finding.remedy = "Look the record up from outside.";
    }
  }

  const Subject& subject_;
  const bool is_inside_;
};

std::string why_not_usable(const std::string& name) {
  if (!config::is_usable_host_name(name)) return "it is not fully qualified";
  for (const std::string_view end : kNoPublicEnds)
    if (name.ends_with(end)) return "no name below " + std::string(end.substr(1)) + " is in the DNS of the internet";
  return {};
}

// Behind a router with IPv4, and reachable itself with IPv6.
void add_hidden_families(const Subject& subject, Findings& findings) {
  for (const dns::Address& source : subject.sources) {
    const auto& known = subject.mail.addresses;
    const auto is_alike = [&](const dns::Address& one) { return one.is_v6 == source.is_v6; };
    if (subject.is_behind_router() || std::any_of(known.begin(), known.end(), is_alike)) continue;
    findings.push_back({"ptr " + source.to_string(),
                        State::unknown,
                        "Mail leaves from " + source.to_string() + ", too, a private address: other hosts see that of a router.",
                        Actor::administrator,
                        "Name all addresses that other hosts see.",
                        {"[doctor]\naddresses = [\"ADDRESS\"]"}});
  }
}

}  // namespace

Findings check_name(const Subject& subject) {
  const std::string& name = subject.mail.hostname;
  const std::string why = why_not_usable(name);
  if (why.empty()) return {fine("name", "EHLO says " + name + ", a fully qualified name.")};
  // A provider that takes mail from customers does not look at the name.
  if (!subject.is_direct) return {not_needed("name", "EHLO says " + name + ": " + why + "; " + subject.provider + " takes all mail.")};
  return {{"name",
           State::wrong,
           "EHLO says " + name + ": " + why + ", so many mail hosts refuse mail.",
           Actor::administrator,
           "Set the name that the DNS has for this host in mxpress.toml, then: mxpress reload",
           {"hostname = \"mail.example.com\""}}};
}

Findings check_records(const Subject& subject, const std::vector<HostRecord>& records) {
  Findings findings;
  const RecordChecks checks(subject, records);
  bool has_ptr = false, has_key = false;
  for (const HostRecord& record : records) {
    findings.push_back(checks.of(record));
    has_ptr = has_ptr || record.kind == RecordKind::ptr;
    has_key = has_key || record.kind == RecordKind::dkim_key;
  }
  if (subject.is_direct) add_hidden_families(subject, findings);
  if (!subject.is_direct) {
    findings.push_back(not_needed("address", subject.provider + " takes all mail: receivers see its name and address."));
    findings.push_back(not_needed("ptr", subject.provider + " takes all mail: receivers see its name and address."));
  } else if (!has_ptr) {
    findings.push_back(unknown("ptr", "No address is known that mail leaves from."));
  }
  if (!has_key && !subject.keys_unknown_because.empty())
    findings.push_back(unknown("dkim", "The keys cannot be read: " + subject.keys_unknown_because + ". Run this as root."));
  else if (!has_key)
    findings.push_back(not_needed("dkim", "No key signs mail of " + subject.mail.domain.text() + " here. mxpress setup makes keys."));
  return findings;
}

}  // namespace mxpress::mta::doctor
