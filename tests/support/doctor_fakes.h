// What checks of mxpress doctor ask, from tables.
#pragma once

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "mta/doctor/finding.h"
#include "mta/doctor/network.h"
#include "mta/doctor/subject.h"

namespace mxpress::testing {

// Connections are refused, except where it is said otherwise.
class FakeProber final : public mta::doctor::Prober {
 public:
  FakeProber& host(const std::string& address, mta::doctor::ProbeResult result) {
    results_[address] = std::move(result);
    return *this;
  }
  Task<mta::doctor::ProbeResult> probe(dns::Address address, std::uint16_t) override {
    probed.push_back(address.to_string());
    const auto found = results_.find(address.to_string());
    co_return found == results_.end() ? mta::doctor::ProbeResult{ECONNREFUSED} : found->second;
  }
  std::vector<std::string> probed;

 private:
  std::map<std::string, mta::doctor::ProbeResult> results_;
};

// Name servers that answer, except where it is said otherwise.
class FakeServers final : public mta::doctor::ServerProber {
 public:
  FakeServers& reply(dns::Protocol protocol, mta::doctor::ServerReply reply) {
    replies_[protocol] = std::move(reply);
    return *this;
  }
  FakeServers& silent() {
    for (const auto protocol : {dns::Protocol::udp, dns::Protocol::tcp}) replies_[protocol] = {{}, "no answer within 3 s"};
    return *this;
  }
  Task<mta::doctor::ServerReply> ask(dns::ServerConfig, dns::Protocol protocol, dns::Edns, dns::Question) override {
    ++asked;
    const auto found = replies_.find(protocol);
    co_return found == replies_.end() ? mta::doctor::ServerReply{dns::Packet{}, {}, std::chrono::milliseconds(5)} : found->second;
  }
  int asked = 0;

 private:
  std::map<dns::Protocol, mta::doctor::ServerReply> replies_;
};

inline dns::Address address(const std::string& text) { return dns::Address::parse(text).value(); }

// mail.here.example at 192.0.2.10, which sends mail of here.example.
inline mta::doctor::Subject subject_here() {
  mta::doctor::Subject subject{{proto::Domain::parse("here.example").value(), {}, "mail.here.example", {address("192.0.2.10")}, {}, {}}};
  subject.sources = {address("192.0.2.10")};
  return subject;
}

// Behind a router, which is not known.
inline mta::doctor::Subject subject_behind_router() {
  mta::doctor::Subject subject = subject_here();
  subject.mail.addresses.clear();
  subject.sources = {address("10.0.0.5")};
  return subject;
}

inline mta::doctor::Subject subject_of_provider() {
  mta::doctor::Subject subject = subject_here();
  subject.is_direct = false;
  subject.provider = "[route]";
  subject.mail.next_hop = "smtp.provider.example";
  return subject;
}

// The finding of this check; a state that no check has if there is none.
inline mta::doctor::Finding finding_of(const mta::doctor::Findings& findings, const std::string& check) {
  for (const mta::doctor::Finding& one : findings)
    if (one.check == check) return one;
  return {"no finding of " + check, static_cast<mta::doctor::State>(9), {}};
}

}  // namespace mxpress::testing
