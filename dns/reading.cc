// Interprets a packet as the answer to a question: see reading.h.
#include "dns/reading.h"

#include <algorithm>

namespace mxpress::dns {
namespace {

constexpr std::chrono::seconds kLongest = std::chrono::hours(24 * 365);

bool is_at_or_below(std::string_view name, std::string_view zone) {
  if (zone.empty() || name == zone) return true;
  return name.size() > zone.size() && name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.';
}

const Record* find_alias(const Packet& packet, const std::string& name) {
  const auto found = std::find_if(packet.answers.begin(), packet.answers.end(),
                                  [&](const Record& record) { return record.type == RecordType::cname && record.name == name; });
  return found == packet.answers.end() ? nullptr : &*found;
}

void add_record(const Record& record, Answer& answer) {
  switch (record.type) {
    case RecordType::mx:
      answer.mx.push_back(record.mx);
      break;
    case RecordType::a:
    case RecordType::aaaa:
      answer.addresses.push_back(record.address);
      break;
    default:
      answer.texts.push_back(record.text);
  }
  answer.ttl = std::min(answer.ttl, record.ttl);
}

bool take_records(const Question& question, const Packet& packet, Answer& answer) {
  bool any = false;
  for (const Record& record : packet.answers) {
    if (record.type != question.type || record.name != answer.canonical_name) continue;
    add_record(record, answer);
    any = true;
  }
  return any;
}

void fail(Reading& reading, std::string text) {
  reading.answer.kind = AnswerKind::failed;
  reading.answer.ttl = std::chrono::seconds::zero();
  reading.answer.text = std::move(text);
}

// RFC 2308 2.1, 2.2: NXDOMAIN and NODATA are about the last name of the chain.
void read_negative(const Question& question, const Packet& packet, Reading& reading) {
  Answer& answer = reading.answer;
  const bool has_soa = packet.soa_owner && is_at_or_below(answer.canonical_name, *packet.soa_owner);
  answer.ttl = has_soa ? std::min(answer.ttl, packet.negative_ttl) : std::chrono::seconds::zero();
  reading.negative_zone = has_soa ? *packet.soa_owner : "";
  if (packet.code == ReplyCode::name_error) {
    answer.kind = AnswerKind::no_such_name;
    answer.text = "NXDOMAIN";
    return;
  }
  if (reading.aliases > 0 && !has_soa) {
    reading.leads_elsewhere = true;
    return;
  }
  // Without SOA, from a server that does not recurse, this is a referral, or the server does not know the zone: no statement.
  if (!has_soa && !packet.recursion_available) return fail(reading, "a referral instead of an answer");
  answer.kind = AnswerKind::no_data;
  answer.text = "no " + to_string(question.type) + " record";
}

}  // namespace

Reading read_answer(const Question& question, const Packet& packet) {
  Reading reading;
  Answer& answer = reading.answer;
  answer.canonical_name = question.name;
  answer.ttl = kLongest;
  answer.authenticated = packet.authenticated_data;
  if (packet.code != ReplyCode::no_error && packet.code != ReplyCode::name_error) {
    fail(reading, to_string(packet.code));
    answer.is_refused = packet.code == ReplyCode::refused;
    return reading;
  }
  while (!take_records(question, packet, answer)) {
    const Record* alias = question.type == RecordType::cname ? nullptr : find_alias(packet, answer.canonical_name);
    if (!alias) {
      read_negative(question, packet, reading);
      return reading;
    }
    answer.canonical_name = alias->text;
    answer.ttl = std::min(answer.ttl, alias->ttl);
    if (++reading.aliases > kMaxAliases) {
      fail(reading, "more than " + std::to_string(kMaxAliases) + " CNAMEs in a row, or a loop of CNAMEs");
      return reading;
    }
  }
  answer.kind = AnswerKind::found;
  answer.text = "found";
  return reading;
}

}  // namespace mxpress::dns
